namespace TinyLM;

/// <summary>
/// The keys and values of many documents that are read piece by piece, all in step: each token is encoded once, by the weights of its time, and the last tokens
/// before a piece stay visible to it. A ring of rows a document and layer.
/// </summary>
public sealed class KeyValueRing : IDisposable
{
    private readonly TensorRegion _region;
    private readonly Tensor[] _layers;

    /// <param name="model">What reads.</param>
    /// <param name="documents">Documents at once, at most.</param>
    /// <param name="window">Tokens that a piece's last one sees at most, itself included.</param>
    /// <param name="longest">Tokens of the longest document.</param>
    /// <exception cref="ArgumentException">The model's learned positions do not reach so far.</exception>
    public KeyValueRing(Gpt model, int documents, int window, int longest)
    {
        ArgumentNullException.ThrowIfNull(model);
        GptConfig config = model.Config;
        if (config.Positions == PositionKind.Learned && longest > config.ContextLength)
        {
            throw new ArgumentException($"KeyValueRing: a document of {longest} tokens, but the model has learned {config.ContextLength} positions; read it in windows.");
        }

        (Window, _region) = (window, new TensorRegion(model.Device));
        _layers = new Tensor[config.LayerCount];
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            _layers[layer] = _region.Allocate(checked(documents * window), 2 * config.KeyValueHeadCount * config.HeadSize, $"stream.{layer}");
        }

        if (config.Positions == PositionKind.Rotary)
        {
            RotaryTable = _region.Allocate(longest, config.RotarySize, "rotary");
            Rotary.FillTable(RotaryTable, config.RotaryBase, config.RotaryScale);
        }
    }

    public int Window { get; }

    /// <summary>Of the longest document's positions; none with learned ones.</summary>
    internal Tensor RotaryTable { get; }

    /// <summary>The next piece of some documents, next to each other.</summary>
    /// <param name="tape">The running step.</param>
    /// <param name="first">The first of the documents.</param>
    /// <param name="pieces">The new tokens of each, at most the window.</param>
    /// <param name="readCount">Tokens that each has read before.</param>
    /// <param name="keeps">Whether another piece follows, so that the new keys and values are put by.</param>
    public KeyValueRingPass Bind(Tape tape, int first, DocumentOffsets pieces, int readCount, bool keeps) => new(this, tape, first, pieces, readCount, keeps);

    public void Dispose() => _region.Dispose();

    internal Tensor Layer(int layer) => _layers[layer];
}
