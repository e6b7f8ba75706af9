namespace TinyLM;

/// <summary>The differentiable linear map.</summary>
public static class MatMulOperation
{
    /// <summary>y = x·wᵀ (+ bias) (+ residual): a linear layer, with the addition of the residual stream folded in.</summary>
    /// <param name="x">[rows, inputs].</param>
    /// <param name="weight">[outputs, inputs].</param>
    /// <param name="bias">[1, outputs], or none.</param>
    /// <param name="residual">[rows, outputs], or none.</param>
    /// <returns>[rows, outputs]. <remarks>torch.nn.functional.linear</remarks></returns>
    public static Variable Linear(this Variable x, Variable weight, Variable bias = default, Variable residual = default)
    {
        Tensor y = x.Tape.Allocate(x.Rows, weight.Rows);
        MatMul.Multiply(x.Value, false, weight.Value, true, y, accumulate: false, bias.Value, residual.Value);
        return Result(y, x, default, weight, bias, residual);
    }

    /// <summary>
    /// As <see cref="Linear(Variable, Variable, Variable, Variable)"/> with the weight rounded to bfloat16: y and the gradient of x are those of the
    /// rounded weight, with float32 sums; the gradient of the weight is float32 and goes to the master, which the optimiser moves.
    /// </summary>
    /// <param name="x">[rows, inputs].</param>
    /// <param name="weight">[outputs, inputs]: the master, rounded, as <see cref="BFloat16Weights"/> keeps it.</param>
    /// <param name="master">[outputs, inputs], the weight in float32. Only its gradient is used.</param>
    /// <param name="bias">[1, outputs], or none.</param>
    /// <param name="residual">[rows, outputs], or none.</param>
    /// <returns>[rows, outputs].</returns>
    public static Variable Linear(this Variable x, BFloat16Tensor weight, Variable master, Variable bias = default, Variable residual = default)
    {
        Shapes.Check(nameof(Linear), nameof(master), master.Value, weight.Rows, weight.Columns);
        Tensor y = x.Tape.Allocate(x.Rows, weight.Rows);
        MatMul.Multiply(x.Value, weight, true, y, accumulate: false, bias.Value, residual.Value);
        return Result(y, x, weight, master, bias, residual);
    }

    /// <summary>
    /// y = f(x·wᵀ + bias): a linear layer and its activation in one pass. Where no gradient is wanted (scoring, generation), y alone is written. Where
    /// one is, z = x·wᵀ + bias is kept beside y, as both serve the backward pass: f'(z) cannot be had from y, since f need not be invertible, and y is
    /// the operand of what comes next. <c>x.Linear&lt;Gelu&gt;(weight, bias)</c>
    /// </summary>
    /// <param name="x">[rows, inputs].</param>
    /// <param name="weight">[outputs, inputs].</param>
    /// <param name="bias">[1, outputs], or none.</param>
    /// <param name="op">f; one without constants need not be given.</param>
    /// <returns>[rows, outputs].</returns>
    public static Variable Linear<TOp>(this Variable x, Variable weight, Variable bias = default, TOp op = default)
        where TOp : unmanaged, IUnaryOp
    {
        var (y, z) = AllocateActivated(x, weight, bias);
        MatMul.MultiplyAndApply(x.Value, false, weight.Value, true, y, bias.Value, z, op);
        return Activated(y, z, x, default, weight, bias, op);
    }

    /// <summary>
    /// As <see cref="Linear{TOp}(Variable, Variable, Variable, TOp)"/>, with the weight rounded to bfloat16, as in
    /// <see cref="Linear(Variable, BFloat16Tensor, Variable, Variable, Variable)"/>.
    /// </summary>
    /// <param name="x">[rows, inputs].</param>
    /// <param name="weight">[outputs, inputs]: the master, rounded, as <see cref="BFloat16Weights"/> keeps it.</param>
    /// <param name="master">[outputs, inputs], the weight in float32. Only its gradient is used.</param>
    /// <param name="bias">[1, outputs], or none.</param>
    /// <param name="op">f; one without constants need not be given.</param>
    /// <returns>[rows, outputs].</returns>
    public static Variable Linear<TOp>(this Variable x, BFloat16Tensor weight, Variable master, Variable bias = default, TOp op = default)
        where TOp : unmanaged, IUnaryOp
    {
        Shapes.Check(nameof(Linear), nameof(master), master.Value, weight.Rows, weight.Columns);
        var (y, z) = AllocateActivated(x, master, bias);
        MatMul.MultiplyAndApply(x.Value, weight, true, y, bias.Value, z, op);
        return Activated(y, z, x, weight, master, bias, op);
    }

    private static (Tensor Y, Tensor Z) AllocateActivated(Variable x, Variable weight, Variable bias)
    {
        Tape tape = x.Tape;
        return (tape.Allocate(x.Rows, weight.Rows), tape.WantsRecord(x, weight, bias) ? tape.Allocate(x.Rows, weight.Rows) : default);
    }

    private static Variable Activated<TOp>(Tensor y, Tensor z, Variable x, BFloat16Tensor rounded, Variable weight, Variable bias, TOp op)
        where TOp : unmanaged, IUnaryOp
    {
        var operation = x.Tape.Record<ActivatedRecord<TOp>>(x, weight, bias);
        operation?.Set(x, rounded, weight, bias, z, op);
        return x.Tape.Result(operation, y);
    }

    private static Variable Result(Tensor y, Variable x, BFloat16Tensor rounded, Variable weight, Variable bias, Variable residual)
    {
        Record? operation = x.Tape.Record<Record>(x, weight, residual) ?? x.Tape.Record<Record>(bias);
        operation?.Set(x, rounded, weight, bias, residual);
        return x.Tape.Result(operation, y);
    }

    private class Record : Operation
    {
        private Variable _x, _weight, _bias, _residual;
        private BFloat16Tensor _rounded;

        public override string Name => "Linear";

        public override long ForwardFlops => 2L * _x.Rows * _weight.Rows * _weight.Columns;

        public override long BackwardFlops => ForwardFlops * ((_x.RequiresGradient ? 1 : 0) + (_weight.RequiresGradient ? 1 : 0));

        public void Set(Variable x, BFloat16Tensor rounded, Variable weight, Variable bias, Variable residual) =>
            (_x, _rounded, _weight, _bias, _residual) = (x, rounded, weight, bias, residual);

        public override void Backward(Tensor gradient)
        {
            GradientSlot x = _x.BeginGradient();
            if (x.IsWanted && _rounded.IsNone)
            {
                MatMul.Multiply(gradient, false, _weight.Value, false, x.Tensor, x.Accumulate);
            }
            else if (x.IsWanted)
            {
                MatMul.Multiply(gradient, _rounded, false, x.Tensor, x.Accumulate);
            }

            GradientSlot weight = _weight.BeginGradient();
            if (weight.IsWanted)
            {
                MatMul.Multiply(gradient, true, _x.Value, false, weight.Tensor, weight.Accumulate);
            }

            GradientSlot bias = _bias.BeginGradient();
            if (bias.IsWanted)
            {
                ColumnSums.Forward(gradient, bias.Tensor, bias.Accumulate);
            }

            _residual.PassGradient(gradient);
        }
    }

    private sealed class ActivatedRecord<TOp> : Record
        where TOp : unmanaged, IUnaryOp
    {
        private Tensor _z;
        private TOp _op;

        public override string Name => $"Linear {typeof(TOp).Name}";

        public override bool OverwritesGradient => true;

        public override bool IsRepeatable => true;

        public void Set(Variable x, BFloat16Tensor rounded, Variable weight, Variable bias, Tensor z, TOp op)
        {
            Set(x, rounded, weight, bias, residual: default);
            (_z, _op) = (z, op);
        }

        /// <summary>From z, without the product.</summary>
        public override void Repeat(Tensor result) => Elementwise.Unary(_z, result, _op);

        /// <summary>dz takes the place of dy; then all is as without activation.</summary>
        public override void Backward(Tensor gradient)
        {
            Elementwise.UnaryBackward(_z, gradient, gradient, accumulate: false, _op);
            base.Backward(gradient);
        }
    }
}
