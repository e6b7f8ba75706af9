using TinyLM;

namespace CustomOp;

/// <summary>The differentiable form of <see cref="Distances"/>.</summary>
public static class DistancesOperation
{
    /// <inheritdoc cref="Distances"/>
    /// <param name="x">[rows, columns].</param>
    /// <param name="c">[centers, columns].</param>
    /// <param name="rung">Which of the GPU's kernels.</param>
    /// <returns>[rows, centers].</returns>
    public static Variable SquaredDistances(this Variable x, Variable c, Rung rung = Rung.Tiled)
    {
        Tensor y = x.Tape.Allocate(x.Rows, c.Rows);
        Distances.Forward(x.Value, c.Value, y, rung);
        var operation = x.Tape.Record<Record>(x, c);
        operation?.Set(x, c);
        return x.Tape.Result(operation, y);
    }

    private sealed class Record : Operation
    {
        private Variable _x, _c;

        public override string Name => "SquaredDistances";

        public override long ForwardFlops => 3L * _x.Rows * _c.Rows * _x.Columns;

        public void Set(Variable x, Variable c) => (_x, _c) = (x, c);

        public override void Backward(Tensor gradient)
        {
            GradientSlot x = _x.BeginGradient(), c = _c.BeginGradient();
            Distances.Backward(_x.Value, _c.Value, gradient, x.Tensor, x.Accumulate, c.Tensor, c.Accumulate);
        }
    }
}
