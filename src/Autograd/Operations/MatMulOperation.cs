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
        Record? operation = x.Tape.Record<Record>(x, weight, residual) ?? x.Tape.Record<Record>(bias);
        operation?.Set(x, weight, bias, residual);
        return x.Tape.Result(operation, y);
    }

    private sealed class Record : Operation
    {
        private Variable _x, _weight, _bias, _residual;

        public override string Name => "Linear";

        public void Set(Variable x, Variable weight, Variable bias, Variable residual) => (_x, _weight, _bias, _residual) = (x, weight, bias, residual);

        public override void Backward(Tensor gradient)
        {
            GradientSlot x = _x.BeginGradient();
            if (x.IsWanted)
            {
                MatMul.Multiply(gradient, false, _weight.Value, false, x.Tensor, x.Accumulate);
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
}
