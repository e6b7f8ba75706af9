namespace TinyLM;

/// <summary>Differentiable elementwise ops. A user's own formula needs no more than <c>x.Apply&lt;MyOp&gt;()</c>.</summary>
public static class ElementwiseOperations
{
    /// <summary>y = f(x), element by element.</summary>
    /// <param name="x">Of any shape, that of the result.</param>
    /// <param name="op">The formula; one without constants need not be given: <c>x.Apply&lt;Silu&gt;()</c>.</param>
    public static Variable Apply<TOp>(this Variable x, TOp op = default)
        where TOp : unmanaged, IUnaryOp
    {
        Tensor y = x.Tape.Allocate(x.Rows, x.Columns);
        Elementwise.Unary(x.Value, y, op);
        var operation = x.Tape.Record<UnaryOperation<TOp>>(x);
        operation?.Set(op, x);
        return x.Tape.Result(operation, y);
    }

    /// <summary>y = f(a, b), element by element; where one operand has a single row or a single column, it serves all of the other's.</summary>
    /// <param name="a">[rows, columns], or 1 in place of either.</param>
    /// <param name="b">[rows, columns], or 1 in place of either.</param>
    /// <param name="op">The formula; one without constants need not be given: <c>a.Apply&lt;Add&gt;(b)</c>.</param>
    /// <returns>[rows, columns].</returns>
    public static Variable Apply<TOp>(this Variable a, Variable b, TOp op = default)
        where TOp : unmanaged, IBinaryOp
    {
        var (rows, columns) = Elementwise.ResultShape<TOp>(a.Value, b.Value);
        Tensor y = a.Tape.Allocate(rows, columns);
        Elementwise.Binary(a.Value, b.Value, y, op);
        var operation = a.Tape.Record<BinaryOperation<TOp>>(a, b);
        operation?.Set(op, a, b);
        return a.Tape.Result(operation, y);
    }

    private sealed class UnaryOperation<TOp> : Operation
        where TOp : unmanaged, IUnaryOp
    {
        private TOp _op;
        private Variable _x;

        public override string Name => typeof(TOp).Name;

        public override bool IsRepeatable => true;

        public void Set(TOp op, Variable x) => (_op, _x) = (op, x);

        public override void Repeat(Tensor result) => Elementwise.Unary(_x.Value, result, _op);

        public override void Backward(Tensor gradient)
        {
            GradientSlot x = _x.BeginGradient();
            Elementwise.UnaryBackward(_x.Value, gradient, x.Tensor, x.Accumulate, _op);
        }
    }

    private sealed class BinaryOperation<TOp> : Operation
        where TOp : unmanaged, IBinaryOp
    {
        private TOp _op;
        private Variable _a, _b;

        public override string Name => typeof(TOp).Name;

        public override bool IsRepeatable => true;

        public void Set(TOp op, Variable a, Variable b) => (_op, _a, _b) = (op, a, b);

        public override void Repeat(Tensor result) => Elementwise.Binary(_a.Value, _b.Value, result, _op);

        public override void Backward(Tensor gradient)
        {
            bool same = _a.Index == _b.Index;
            GradientSlot a = _a.BeginGradient();
            if (!same)
            {
                GradientSlot b = _b.BeginGradient();
                Elementwise.BinaryBackward(_a.Value, _b.Value, gradient, a.Tensor, a.Accumulate, b.Tensor, b.Accumulate, _op);
                return;
            }

            // f(x, x): the two parts of the derivative go to one place, one after the other.
            Elementwise.BinaryBackward(_a.Value, _b.Value, gradient, a.Tensor, a.Accumulate, default, false, _op);
            Elementwise.BinaryBackward(_a.Value, _b.Value, gradient, default, false, a.Tensor, true, _op);
        }
    }
}
