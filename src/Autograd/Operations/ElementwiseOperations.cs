namespace TinyLM;

/// <summary>Differentiable elementwise ops. A user's own formula needs no more than <c>x.Apply&lt;MyOp&gt;()</c>.</summary>
public static class ElementwiseOperations
{
    /// <summary>y = f(x), element by element.</summary>
    public static Variable Apply<TOp>(this Variable x)
        where TOp : struct, IUnaryOp
    {
        Tensor y = x.Tape.Allocate(x.Rows, x.Columns);
        Elementwise.Unary<TOp>(x.Value, y);
        var operation = x.Tape.Record<UnaryOperation<TOp>>(x);
        operation?.Set(x);
        return x.Tape.Result(operation, y);
    }

    /// <summary>y = f(a, b), element by element; both of one shape.</summary>
    public static Variable Apply<TOp>(this Variable a, Variable b)
        where TOp : struct, IBinaryOp
    {
        Tensor y = a.Tape.Allocate(a.Rows, a.Columns);
        Elementwise.Binary<TOp>(a.Value, b.Value, y);
        var operation = a.Tape.Record<BinaryOperation<TOp>>(a, b);
        operation?.Set(a, b);
        return a.Tape.Result(operation, y);
    }

    private sealed class UnaryOperation<TOp> : Operation
        where TOp : struct, IUnaryOp
    {
        private Variable _x;

        public override string Name => typeof(TOp).Name;

        public void Set(Variable x) => _x = x;

        public override void Backward(Tensor gradient)
        {
            GradientSlot x = _x.BeginGradient();
            Elementwise.UnaryBackward<TOp>(_x.Value, gradient, x.Tensor, x.Accumulate);
        }
    }

    private sealed class BinaryOperation<TOp> : Operation
        where TOp : struct, IBinaryOp
    {
        private Variable _a, _b;

        public override string Name => typeof(TOp).Name;

        public void Set(Variable a, Variable b) => (_a, _b) = (a, b);

        public override void Backward(Tensor gradient)
        {
            bool same = _a.Index == _b.Index;
            GradientSlot a = _a.BeginGradient();
            if (!same)
            {
                GradientSlot b = _b.BeginGradient();
                Elementwise.BinaryBackward<TOp>(_a.Value, _b.Value, gradient, a.Tensor, a.Accumulate, b.Tensor, b.Accumulate);
                return;
            }

            // f(x, x): the two parts of the derivative go to one place, one after the other.
            Elementwise.BinaryBackward<TOp>(_a.Value, _b.Value, gradient, a.Tensor, a.Accumulate, default, false);
            Elementwise.BinaryBackward<TOp>(_a.Value, _b.Value, gradient, default, false, a.Tensor, true);
        }
    }
}
