namespace TinyLM;

/// <summary>
/// A decoder-only transformer over a stream of documents. GPT-2 (Radford et al., 2019), Llama (Touvron et al., 2023) and what lies between
/// are chosen by <see cref="GptConfig"/>. There is no batch dimension: activations are [tokens, channels].
/// </summary>
public sealed class Gpt
{
    private readonly Parameter _embedding, _head;
    private readonly Parameter? _positions;
    private readonly Tensor _rotaryTable;
    private readonly (AttentionLayer Attention, MlpLayer Mlp)[] _blocks;
    private readonly Norm _norm;

    /// <param name="device">Where it lives.</param>
    /// <param name="config">Its shape.</param>
    /// <param name="seed">Of the initial values.</param>
    public Gpt(Device device, GptConfig config, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        (Device, Config) = (device, config);
        Parameters = Declare(config).Create(device, seed);
        _embedding = Parameters["embedding.weight"];
        _head = config.TiedHead ? _embedding : Parameters["head.weight"];
        if (config.Positions == PositionKind.Learned)
        {
            _positions = Parameters["positions.weight"];
        }
        else
        {
            _rotaryTable = Rotary.CreateTable(device, config.ContextLength, config.RotarySize, config.RotaryBase, config.RotaryScale);
        }

        _blocks = new (AttentionLayer, MlpLayer)[config.LayerCount];
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            _blocks[layer] = (new AttentionLayer(config, Parameters, layer), new MlpLayer(config, Parameters, layer));
        }

        _norm = new Norm(config, Parameters, "norm");
    }

    public Device Device { get; }

    public GptConfig Config { get; }

    public ParameterSet Parameters { get; }

    /// <summary>The logits of every token's successor.</summary>
    /// <param name="tape">The running step.</param>
    /// <param name="ids">[tokens], each below the vocabulary size.</param>
    /// <param name="offsets">The documents, each at most the context long.</param>
    /// <returns>[tokens, vocabulary].</returns>
    public Variable Forward(Tape tape, ReadOnlySpan<int> ids, DocumentOffsets offsets)
    {
        ArgumentNullException.ThrowIfNull(offsets);
        if (ids.Length != offsets.TokenCount)
        {
            throw new ArgumentException($"Gpt: {ids.Length} ids, expected {offsets.TokenCount}, as many as the offsets tell.");
        }

        if (offsets.LongestDocument > Config.ContextLength)
        {
            throw new ArgumentException($"Gpt: a document has {offsets.LongestDocument} tokens, the context is {Config.ContextLength}; cut it into chunks.");
        }

        Device device = Device;
        var context = new StreamContext(tape, offsets, device.TemporaryIndices(offsets.Positions), _rotaryTable, Cache: null);
        return Logits(Trunk(context, device.TemporaryIndices(ids)));
    }

    /// <summary>Reads the next tokens of one document and gives the logits of the last one's successor.</summary>
    /// <param name="tape">The running step, without gradients.</param>
    /// <param name="ids">The tokens that follow those in the cache.</param>
    /// <param name="cache">Takes their keys and values.</param>
    /// <returns>[1, vocabulary].</returns>
    public Variable ForwardCached(Tape tape, ReadOnlySpan<int> ids, KeyValueCache cache)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(cache);
        if (tape.IsRecording)
        {
            throw new InvalidOperationException("Gpt: a cached pass has no gradients; begin the tape with gradients: false.");
        }

        if (ids.IsEmpty || cache.Count + ids.Length > cache.Capacity)
        {
            throw new ArgumentException($"Gpt: {ids.Length} new tokens after {cache.Count} cached ones, expected at least 1 and at most {cache.Capacity} in all.");
        }

        var positions = new int[ids.Length];
        for (int i = 0; i < positions.Length; i++)
        {
            positions[i] = cache.Count + i;
        }

        var context = new StreamContext(
            tape, DocumentOffsets.OneDocument(ids.Length), Device.TemporaryIndices(positions), _rotaryTable, cache);
        Variable x = Trunk(context, Device.TemporaryIndices(ids));
        cache.Advance(ids.Length);
        return Logits(tape.Constant(x.Value.RowRange(ids.Length - 1, 1)));
    }

    public KeyValueCache CreateCache() => new(Device, Config);

    private static ParameterPlan Declare(GptConfig config)
    {
        var plan = new ParameterPlan();
        plan.Matrix("embedding.weight", config.VocabularySize, config.Width, Initial.Deviation);
        if (config.Positions == PositionKind.Learned)
        {
            plan.Matrix("positions.weight", config.ContextLength, config.Width, Initial.Deviation);
        }

        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            AttentionLayer.Declare(plan, config, layer);
            MlpLayer.Declare(plan, config, layer);
        }

        Norm.Declare(plan, config, "norm");
        if (!config.TiedHead)
        {
            plan.Matrix("head.weight", config.VocabularySize, config.Width, Initial.Deviation);
        }

        return plan;
    }

    /// <summary>Embedding and blocks: [tokens, width].</summary>
    private Variable Trunk(in StreamContext context, IndexTensor ids)
    {
        Tape tape = context.Tape;
        Variable x = tape.Use(_embedding).Embedding(ids);
        if (_positions is not null)
        {
            x = x.Apply<Add>(tape.Use(_positions).Embedding(context.Positions));
        }

        foreach (var (attention, mlp) in _blocks)
        {
            x = mlp.Forward(attention.Forward(x, context));
        }

        return x;
    }

    private Variable Logits(Variable x) => _norm.Forward(x).Linear(x.Tape.Use(_head));
}
