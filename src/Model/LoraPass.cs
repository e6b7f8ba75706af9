namespace TinyLM;

/// <summary>The adapters of a stream's documents on one tape.</summary>
public sealed class LoraPass
{
    private readonly LoraAdapters _adapters;
    private readonly Tape _tape;
    private readonly int _first, _count;
    private readonly Dictionary<LoraMatrix, (Variable A, Variable B)> _factors = [];

    internal LoraPass(LoraAdapters adapters, Tape tape, int first, int count)
    {
        (_adapters, _tape, _first, _count) = (adapters, tape, first, count);
    }

    /// <summary>The factors that the pass has used, with their gradients after <see cref="Tape.Backward(Variable)"/>.</summary>
    public IReadOnlyDictionary<LoraMatrix, (Variable A, Variable B)> Factors => _factors;

    /// <summary>What the adapter adds to a product, [tokens, outputs]; none where the product is not adapted.</summary>
    /// <param name="name">The product's.</param>
    /// <param name="x">[tokens, inputs].</param>
    /// <param name="offsets">The documents of x.</param>
    internal Variable Delta(string name, Variable x, DocumentOffsets offsets)
    {
        if (_adapters.Find(name) is not { } matrix)
        {
            return default;
        }

        var (a, b) = FactorsOf(matrix);
        Variable inner = x.SegmentMatMul(a, offsets);
        float scale = _adapters.Config.Scale;
        return (scale == 1 ? inner : inner * scale).SegmentMatMul(b, offsets);
    }

    private (Variable A, Variable B) FactorsOf(LoraMatrix matrix)
    {
        if (!_factors.TryGetValue(matrix, out var factors))
        {
            factors = (Use(matrix.A), Use(matrix.B));
            _factors.Add(matrix, factors);
        }

        return factors;
    }

    private Variable Use(Tensor all)
    {
        int rows = all.Rows / _adapters.Capacity;
        return _tape.Input(all.RowRange(_first * rows, _count * rows));
    }
}
