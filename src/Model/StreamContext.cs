namespace TinyLM;

/// <summary>What every layer of one forward pass shares.</summary>
/// <param name="Tape">The running step.</param>
/// <param name="Offsets">The documents of the stream.</param>
/// <param name="Positions">[tokens]: position of each token in its document.</param>
/// <param name="RotaryTable">None with learned positions.</param>
internal readonly record struct StreamContext(Tape Tape, DocumentOffsets Offsets, IndexTensor Positions, Tensor RotaryTable)
{
    /// <summary>Keys and values of the tokens before, when generating; otherwise null.</summary>
    public KeyValueCache? Cache { get; init; }

    /// <summary>What is dropped: nothing, unless in training.</summary>
    public DropoutOptions Dropout { get; init; }

    /// <summary>Whether results may lie where gradients will be.</summary>
    public bool LendsGradients { get; init; }

    /// <summary>What adapters add to the products; null: nothing.</summary>
    public LoraPass? Adapters { get; init; }

    /// <summary>Keys and values that the documents have from before; null where the stream is all there is of them.</summary>
    public KeyValueRingPass? Past { get; init; }

    /// <summary>In the last layer of a pass that asks for the last tokens of each document alone: those; otherwise null.</summary>
    public StreamTails? Tails { get; init; }

    /// <summary>What the adapters add to a product of this name; none where there are none.</summary>
    public Variable Delta(string name, Variable x, DocumentOffsets offsets) => Adapters is { } adapters ? adapters.Delta(name, x, offsets) : default;
}
