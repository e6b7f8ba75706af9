namespace TinyLM;

/// <summary>
/// An adapter for each of many documents, that change what the model computes for that document alone. The model's own weights stay as they are.
/// All documents begin with the same factors, so that a document's results do not depend on its place among others.
/// </summary>
public sealed class LoraAdapters : IDisposable
{
    private readonly TensorRegion _region;
    private readonly Dictionary<string, LoraMatrix> _byName = [];

    /// <param name="model">What is adapted.</param>
    /// <param name="config">Rank and targets.</param>
    /// <param name="capacity">Documents at once, at most.</param>
    /// <param name="seed">Of the initial factors.</param>
    /// <exception cref="UserException">The config makes no sense.</exception>
    public LoraAdapters(Gpt model, LoraConfig config, int capacity, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        config.Validate(model.Config);
        (Config, Capacity) = (config, capacity);
        _region = new TensorRegion(model.Device);
        foreach (var (name, target, outputs, inputs) in Products(model.Config, config))
        {
            Tensor initial = _region.Allocate(config.Rank, inputs, $"{name}.A");
            initial.CopyFrom(Draw(new Philox(seed, Philox.Purpose($"lora {name}")), config.Rank * inputs, 1 / Math.Sqrt(inputs)));
            Tensor a = _region.Allocate(checked(capacity * config.Rank), inputs, $"{name}.A");
            _byName.Add(name, new LoraMatrix(name, target, a, _region.Allocate(checked(capacity * outputs), config.Rank, $"{name}.B"), initial));
        }
    }

    public LoraConfig Config { get; }

    public int Capacity { get; }

    public IReadOnlyCollection<LoraMatrix> Matrices => _byName.Values;

    /// <summary>Adapts nothing any more: A as in the beginning (uniform in ±1/√inputs), B zero. Within a step: it uses the arena.</summary>
    public void Reset()
    {
        Device device = Matrices.First().A.Device;
        IndexTensor rows = device.TemporaryIndices([.. Enumerable.Range(0, Capacity * Config.Rank).Select(row => row % Config.Rank)]);
        foreach (LoraMatrix matrix in Matrices)
        {
            Embedding.Forward(matrix.InitialA, rows, matrix.A);
            Elementwise.Fill(matrix.B, 0);
        }
    }

    /// <summary>The adapters of some documents, next to each other, in one pass over a stream of them.</summary>
    /// <param name="tape">The running step; where it records, the factors get gradients.</param>
    /// <param name="first">The first of them.</param>
    /// <param name="count">As many as the stream has.</param>
    public LoraPass Bind(Tape tape, int first, int count) => new(this, tape, first, count);

    public void Dispose() => _region.Dispose();

    internal LoraMatrix? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>What is adapted.</summary>
    private static IEnumerable<(string Name, LoraTargets Target, int Outputs, int Inputs)> Products(GptConfig model, LoraConfig lora)
    {
        int first = lora.Layers == 0 ? 0 : model.LayerCount - lora.Layers;
        return Enumerable.Range(first, model.LayerCount - first).SelectMany(layer => OfLayer(model, layer))
            .Append(("head", LoraTargets.Head, model.VocabularySize, model.Width)).Where(product => lora.Targets.HasFlag(product.Item2));
    }

    private static IEnumerable<(string Name, LoraTargets Target, int Outputs, int Inputs)> OfLayer(GptConfig model, int layer)
    {
        int queryWidth = model.HeadCount * model.HeadSize, keyWidth = model.KeyValueHeadCount * model.HeadSize;
        string attention = $"blocks.{layer}.attention", mlp = $"blocks.{layer}.mlp";
        yield return ($"{attention}.query", LoraTargets.Query, queryWidth, model.Width);
        yield return ($"{attention}.key", LoraTargets.Key, keyWidth, model.Width);
        yield return ($"{attention}.value", LoraTargets.Value, keyWidth, model.Width);
        yield return ($"{attention}.output", LoraTargets.Output, model.Width, queryWidth);
        if (model.Mlp == MlpKind.SwiGlu)
        {
            yield return ($"{mlp}.gate", LoraTargets.Mlp, model.HiddenWidth, model.Width);
        }

        yield return ($"{mlp}.up", LoraTargets.Mlp, model.HiddenWidth, model.Width);
        yield return ($"{mlp}.down", LoraTargets.Mlp, model.Width, model.HiddenWidth);
    }

    private static float[] Draw(Philox random, int count, double bound) =>
        [.. Enumerable.Range(0, count).Select(i => (float)(bound * (2 * random.Uniform((ulong)i) - 1)))];
}
