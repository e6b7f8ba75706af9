namespace TinyLM;

/// <summary>
/// A decoder-only transformer over a stream of documents. GPT-2 (Radford et al., 2019), Llama (Touvron et al., 2023) and what lies between
/// are chosen by <see cref="GptConfig"/>. There is no batch dimension: activations are [tokens, channels].
/// </summary>
public sealed class Gpt
{
    /// <summary>Where fewer tokens than this share have a target, those are gathered before the head.</summary>
    private const double GatheredShare = 0.75;

    private static readonly ulong EmbeddingDropout = Philox.Purpose("embedding.dropout");

    private readonly Parameter _embedding, _head;
    private readonly Parameter? _positions;
    private readonly Tensor _rotaryTable;
    private readonly (AttentionLayer Attention, MlpLayer Mlp)[] _blocks;
    private readonly Norm _norm;

    /// <summary>What a pass needs no longer once it is in the blocks, and after each of them: see <see cref="Tape.LendGradients"/>.</summary>
    private readonly Parameter[] _lenders;
    private readonly Parameter[][] _blockLenders;

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
        _lenders = [.. config.TiedHead ? [] : Lenders("embedding."), .. Lenders("positions.")];
        _blockLenders = [.. Enumerable.Range(0, config.LayerCount).Select(layer => Lenders($"blocks.{layer}."))];
    }

    public Device Device { get; }

    public GptConfig Config { get; }

    public ParameterSet Parameters { get; }

    /// <summary>
    /// Whether a training step keeps only the input of each block and computes the block again in the backward pass (<see cref="Tape.Recompute"/>):
    /// less memory, about a third more time, the same bits.
    /// </summary>
    public bool RecomputesBlocks { get; set; }

    /// <summary>The logits of every token's successor.</summary>
    /// <param name="tape">The running step.</param>
    /// <param name="ids">[tokens], each below the vocabulary size.</param>
    /// <param name="offsets">The documents, each at most the context long.</param>
    /// <returns>[tokens, vocabulary].</returns>
    public Variable Forward(Tape tape, ReadOnlySpan<int> ids, DocumentOffsets offsets) => Logits(Hidden(tape, ids, offsets));

    /// <summary>
    /// The loss of each token's target, 0 where there is none; the logits of all tokens are never held at once, and where most tokens have no
    /// target, only those that have one get logits.
    /// </summary>
    /// <param name="tape">The running step.</param>
    /// <param name="ids">[tokens], each below the vocabulary size.</param>
    /// <param name="targets">[tokens], -1 where there is none.</param>
    /// <param name="offsets">The documents, each at most the context long.</param>
    /// <returns>[tokens, 1], in nats.</returns>
    public Variable Losses(Tape tape, ReadOnlySpan<int> ids, ReadOnlySpan<int> targets, DocumentOffsets offsets)
    {
        CheckTargets(ids, targets);
        Variable x = _norm.Forward(Hidden(tape, ids, offsets)), head = tape.Use(_head);
        int count = targets.Length - targets.Count(CrossEntropy.NoTarget);
        if (count > targets.Length * GatheredShare || count == 0)
        {
            return x.LinearCrossEntropy(head, Device.TemporaryIndices(targets), LossOptions(zLoss: 0));
        }

        int[] rows = new int[count], rowTargets = new int[count];
        for (int token = 0, i = 0; token < targets.Length; token++)
        {
            if (targets[token] != CrossEntropy.NoTarget)
            {
                (rows[i], rowTargets[i++]) = (token, targets[token]);
            }
        }

        IndexTensor places = Device.TemporaryIndices(rows);
        return x.Embedding(places).LinearCrossEntropy(head, Device.TemporaryIndices(rowTargets), LossOptions(zLoss: 0)).ScatterRows(places, targets.Length);
    }

    /// <summary>
    /// The losses of the last tokens of each document alone: the rest serves as context, and is spared the last layer's queries and feed-forward part and the head.
    /// A token's loss has the same bits whatever else is in the stream, where the tails have more than <see cref="MatMul.FewRows"/> tokens.
    /// </summary>
    /// <param name="tape">The running step.</param>
    /// <param name="ids">[tokens], each below the vocabulary size.</param>
    /// <param name="targets">[tail tokens], -1 where there is none.</param>
    /// <param name="offsets">The documents, each at most the context long; of those with a past, their new tokens.</param>
    /// <param name="tails">Of document d the last <c>tails.LengthOf(d)</c> tokens, at least one.</param>
    /// <param name="adapters">Of each document; null: none.</param>
    /// <param name="past">What the documents have read before; null: nothing.</param>
    /// <returns>[tail tokens, 1], in nats.</returns>
    public Variable TailLosses(
        Tape tape, ReadOnlySpan<int> ids, ReadOnlySpan<int> targets, DocumentOffsets offsets, DocumentOffsets tails, LoraPass? adapters = null, KeyValueRingPass? past = null)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(tails);
        CheckStream(ids, offsets);
        if (targets.Length != tails.TokenCount)
        {
            throw new ArgumentException($"Gpt: {targets.Length} targets, expected {tails.TokenCount}, one a token of the tails.");
        }

        int[] positions = [.. offsets.Positions];
        for (int token = 0; past is not null && token < positions.Length; token++)
        {
            positions[token] += past.ReadCount;
        }

        var context = new StreamContext(tape, offsets, Device.TemporaryIndices(positions), past is null ? _rotaryTable : past.RotaryTable)
        {
            Adapters = adapters,
            Past = past,
            Tails = new StreamTails(Device, offsets, tails, positions),
        };
        Variable x = _norm.Forward(Trunk(context, Device.TemporaryIndices(ids))), head = tape.Use(_head), delta = context.Delta("head", x, tails);
        IndexTensor wanted = Device.TemporaryIndices(targets);
        return delta.IsNone
            ? x.LinearCrossEntropy(head, wanted, LossOptions(zLoss: 0))
            : x.Linear(head, residual: delta).CrossEntropy(wanted, LossOptions(zLoss: 0));
    }

    /// <summary>
    /// scale · Σ of the losses, for training: as <see cref="Losses"/>, in fewer products and less memory. It is for one backward pass: gradients take the place of what
    /// the blocks have left for it (<see cref="Tape.LendGradients"/>).
    /// </summary>
    /// <param name="tape">The running step.</param>
    /// <param name="ids">[tokens], each below the vocabulary size.</param>
    /// <param name="targets">[tokens], -1 where there is none.</param>
    /// <param name="offsets">The documents, each at most the context long.</param>
    /// <param name="scale">1 / the number of targets gives the mean.</param>
    /// <param name="zLoss">λ of the z-loss; 0: none.</param>
    /// <param name="dropout">What is dropped of the activations.</param>
    /// <returns>[1, 1].</returns>
    public Variable LossSum(
        Tape tape, ReadOnlySpan<int> ids, ReadOnlySpan<int> targets, DocumentOffsets offsets, float scale, float zLoss = 0, DropoutOptions dropout = default)
    {
        CheckTargets(ids, targets);
        Variable x = _norm.Forward(Hidden(tape, ids, offsets, dropout, lendsGradients: true));
        return x.LinearCrossEntropySum(tape.Use(_head), Device.TemporaryIndices(targets), scale, LossOptions(zLoss));
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

        var context = new StreamContext(tape, DocumentOffsets.OneDocument(ids.Length), Device.TemporaryIndices(positions), _rotaryTable) { Cache = cache };
        Variable x = Trunk(context, Device.TemporaryIndices(ids));
        cache.Advance(ids.Length);
        return Logits(tape.Constant(x.Value.RowRange(ids.Length - 1, 1)));
    }

    public KeyValueCache CreateCache() => new(Device, Config);

    /// <summary>Matrices only: they lie one behind the other.</summary>
    private Parameter[] Lenders(string prefix) => [.. Parameters.All.Where(parameter => parameter.Decays && parameter.Name.StartsWith(prefix, StringComparison.Ordinal))];

    private static ParameterPlan Declare(GptConfig config)
    {
        var plan = new ParameterPlan();
        plan.Table("embedding.weight", config.VocabularySize, config.Width, Initial.Deviation);
        if (config.Positions == PositionKind.Learned)
        {
            plan.Table("positions.weight", config.ContextLength, config.Width, Initial.Deviation);
        }

        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            AttentionLayer.Declare(plan, config, layer);
            MlpLayer.Declare(plan, config, layer);
        }

        Norm.Declare(plan, config, "norm");
        if (!config.TiedHead)
        {
            plan.Table("head.weight", config.VocabularySize, config.Width, Initial.Deviation);
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

        x = context.Dropout.Apply(x, EmbeddingDropout);
        StreamContext inner = context with { Tails = null };
        if (context.LendsGradients)
        {
            tape.LendGradients(_lenders);
        }

        for (int layer = 0; layer < _blocks.Length; layer++)
        {
            var state = (block: _blocks[layer], context: layer == _blocks.Length - 1 ? context : inner);
            x = RecomputesBlocks
                ? tape.Recompute(x, state, static (x, state) => Forward(x, state.block, state.context))
                : Forward(x, state.block, state.context);
            if (context.LendsGradients)
            {
                tape.LendGradients(_blockLenders[layer]);
            }
        }

        tape.EndLending();
        return x;
    }

    private static Variable Forward(Variable x, (AttentionLayer Attention, MlpLayer Mlp) block, in StreamContext context) =>
        block.Mlp.Forward(block.Attention.Forward(x, context), context);

    /// <summary>What the head is applied to, before the last norm: [tokens, width].</summary>
    private Variable Hidden(Tape tape, ReadOnlySpan<int> ids, DocumentOffsets offsets, DropoutOptions dropout = default, bool lendsGradients = false)
    {
        CheckStream(ids, offsets);
        var context = new StreamContext(tape, offsets, Device.TemporaryIndices(offsets.Positions), _rotaryTable) { Dropout = dropout, LendsGradients = lendsGradients };
        return Trunk(context, Device.TemporaryIndices(ids));
    }

    private Variable Logits(Variable x)
    {
        Variable logits = _norm.Forward(x).Linear(x.Tape.Use(_head));
        return Config.LogitSoftcap > 0 ? logits.Apply(new Softcap(Config.LogitSoftcap)) : logits;
    }

    private CrossEntropyOptions LossOptions(float zLoss) => new(zLoss, Config.LogitSoftcap);

    private void CheckStream(ReadOnlySpan<int> ids, DocumentOffsets offsets)
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
    }

    private static void CheckTargets(ReadOnlySpan<int> ids, ReadOnlySpan<int> targets)
    {
        if (targets.Length != ids.Length)
        {
            throw new ArgumentException($"Gpt: {targets.Length} targets, expected {ids.Length}, one a token.");
        }
    }
}
