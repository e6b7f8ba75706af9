using System.Text.Json.Serialization;

namespace TinyLM;

/// <summary>How rows are normalised.</summary>
public enum NormKind
{
    /// <summary>GPT-2's: mean and variance.</summary>
    LayerNorm,

    /// <summary>Llama's: root mean square.</summary>
    RmsNorm,
}

/// <summary>How a token knows its place in its document.</summary>
public enum PositionKind
{
    /// <summary>GPT-2's: a trained vector a position, added to the embedding.</summary>
    Learned,

    /// <summary>Llama's: queries and keys turn by an angle that grows with the position.</summary>
    Rotary,
}

/// <summary>The hidden layer of the feed-forward part.</summary>
public enum MlpKind
{
    /// <summary>GPT-2's: gelu(x·Wᵀ).</summary>
    Gelu,

    /// <summary>Llama's: silu(x·Gᵀ) · (x·Wᵀ).</summary>
    SwiGlu,

    /// <summary>max(x·Wᵀ, 0)².</summary>
    ReluSquared,
}

/// <summary>The shape of a <see cref="Gpt"/>. GPT-2, Llama and all between are values of this record, not classes.</summary>
public sealed record GptConfig
{
    public required int VocabularySize { get; init; }

    /// <summary>The most tokens of one document that the model sees at once.</summary>
    public required int ContextLength { get; init; }

    public required int LayerCount { get; init; }

    /// <summary>Query heads of an attention layer.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Key/value heads, each shared by HeadCount / KeyValueHeadCount query heads (Ainslie et al., "GQA", 2023).</summary>
    public required int KeyValueHeadCount { get; init; }

    /// <summary>Channels of the residual stream.</summary>
    public required int Width { get; init; }

    /// <summary>Channels of the hidden layer of the feed-forward part.</summary>
    public required int HiddenWidth { get; init; }

    public NormKind Norm { get; init; }

    public float NormEpsilon { get; init; } = 1e-5f;

    public PositionKind Positions { get; init; }

    public double RotaryBase { get; init; } = 10000;

    /// <summary>The part of a head's columns, its first ones, that rotary positions turn (GPT-NeoX, Black et al., 2022): an even number of them.</summary>
    public double RotaryFraction { get; init => field = value == 0 ? 1 : value; } = 1;

    /// <summary>Rotary positions are divided by it (0, as in an older file, is taken for 1), to stretch a context (Chen et al., "Extending context window", 2023).</summary>
    public double RotaryScale { get; init => field = value == 0 ? 1 : value; } = 1;

    /// <summary>A token sees at most this many tokens of its document, itself included (Mistral, Jiang et al., 2023); 0: all up to itself.</summary>
    public int AttentionWindow { get; init; }

    /// <summary>An attention score s becomes cap · tanh(s / cap) (Gemma 2, 2024); 0: it stays.</summary>
    public float AttentionSoftcap { get; init; }

    /// <summary>
    /// Whether each head of the queries and keys is normalised, before rotary positions, by the model's kind of norm, with one gain of a head's
    /// columns for all heads (Henry et al., "Query-key normalization for transformers", 2020).
    /// </summary>
    public bool QueryKeyNorm { get; init; }

    public MlpKind Mlp { get; init; }

    /// <summary>Whether linear layers and norms have biases.</summary>
    public bool Biases { get; init; }

    /// <summary>Whether the embedding is also the head.</summary>
    public bool TiedHead { get; init; }

    /// <summary>Logits are capped to cap · tanh(logit / cap) (Gemma 2, 2024); 0: not at all.</summary>
    public float LogitSoftcap { get; init; }

    /// <summary>The presets of <see cref="Preset"/>.</summary>
    public static IReadOnlyList<string> PresetNames { get; } = ["pretrain-default", "shakespeare-small", "shakespeare", "names"];

    [JsonIgnore]
    public int HeadSize => Width / HeadCount;

    /// <summary>Columns of a head that rotary positions turn.</summary>
    [JsonIgnore]
    public int RotarySize => (int)Math.Round(HeadSize * RotaryFraction);

    /// <summary>nanoGPT's shape of GPT-2: LayerNorm, learned positions, GELU, tied head, no biases.</summary>
    public static GptConfig Gpt2(int layers, int heads, int width, int context, int vocabulary) => new()
    {
        LayerCount = layers,
        HeadCount = heads,
        KeyValueHeadCount = heads,
        Width = width,
        HiddenWidth = 4 * width,
        ContextLength = context,
        VocabularySize = vocabulary,
        Norm = NormKind.LayerNorm,
        Positions = PositionKind.Learned,
        Mlp = MlpKind.Gelu,
        TiedHead = true,
    };

    /// <summary>Llama's shape: RMSNorm, rotary positions, SwiGLU with a hidden width of 8/3 of the width, rounded up to 64, untied head.</summary>
    public static GptConfig Llama(int layers, int heads, int width, int context, int vocabulary) => new()
    {
        LayerCount = layers,
        HeadCount = heads,
        KeyValueHeadCount = heads,
        Width = width,
        HiddenWidth = (8 * width / 3 + 63) / 64 * 64,
        ContextLength = context,
        VocabularySize = vocabulary,
        Norm = NormKind.RmsNorm,
        Positions = PositionKind.Rotary,
        Mlp = MlpKind.SwiGlu,
    };

    /// <summary>A named shape, for a vocabulary.</summary>
    /// <exception cref="ArgumentException">The name is unknown.</exception>
    public static GptConfig Preset(string name, int vocabularySize) => name switch
    {
        "pretrain-default" => Llama(layers: 4, heads: 4, width: 128, context: 256, vocabularySize),
        "shakespeare-small" => Gpt2(layers: 4, heads: 4, width: 128, context: 64, vocabularySize),
        "shakespeare" => Gpt2(layers: 6, heads: 6, width: 384, context: 256, vocabularySize),
        "names" => Llama(layers: 4, heads: 4, width: 64, context: 32, vocabularySize),
        _ => throw new ArgumentException($"preset: '{name}' is unknown; known: {string.Join(", ", PresetNames)}."),
    };

    /// <summary>Throws on a shape that cannot be.</summary>
    /// <exception cref="ArgumentException">A field is not positive, or two do not fit each other.</exception>
    public void Validate()
    {
        Positive(VocabularySize, nameof(VocabularySize));
        Positive(ContextLength, nameof(ContextLength));
        Positive(LayerCount, nameof(LayerCount));
        Positive(HeadCount, nameof(HeadCount));
        Positive(KeyValueHeadCount, nameof(KeyValueHeadCount));
        Positive(Width, nameof(Width));
        Positive(HiddenWidth, nameof(HiddenWidth));
        Divides(Width, HeadCount, "Width", "HeadCount");
        Divides(HeadCount, KeyValueHeadCount, "HeadCount", "KeyValueHeadCount");
        if (!(LogitSoftcap >= 0 && float.IsFinite(LogitSoftcap)))
        {
            throw new ArgumentException(FormattableString.Invariant($"config: LogitSoftcap is {LogitSoftcap}, expected 0 (none) or more."));
        }

        if (Positions == PositionKind.Rotary)
        {
            ValidateRotary();
        }

        if (AttentionWindow < 0)
        {
            throw new ArgumentException($"config: AttentionWindow is {AttentionWindow}, expected at least 1, or 0 for all tokens.");
        }

        if (!float.IsFinite(AttentionSoftcap) || AttentionSoftcap < 0)
        {
            throw new ArgumentException($"config: AttentionSoftcap is {AttentionSoftcap}, expected a positive number, or 0 for none.");
        }
    }

    private void ValidateRotary()
    {
        if (HeadSize % 2 != 0 && RotaryFraction == 1)
        {
            throw new ArgumentException($"config: a head size of {HeadSize} (Width {Width} / HeadCount {HeadCount}) is odd; rotary positions turn pairs.");
        }

        double turned = HeadSize * RotaryFraction;
        if (!(RotaryFraction is > 0 and <= 1) || Math.Abs(turned - RotarySize) > 1e-6 || RotarySize < 2 || RotarySize % 2 != 0)
        {
            throw new ArgumentException(
                $"config: RotaryFraction is {RotaryFraction}, which turns {turned:0.##} columns of a head of {HeadSize}, expected an even number from 2 to {HeadSize}.");
        }

        if (!double.IsFinite(RotaryScale) || RotaryScale <= 0)
        {
            throw new ArgumentException($"config: RotaryScale is {RotaryScale}, expected a positive number.");
        }
    }

    private static void Positive(int value, string name)
    {
        if (value <= 0)
        {
            throw new ArgumentException($"config: {name} is {value}, expected at least 1.");
        }
    }

    private static void Divides(int whole, int part, string wholeName, string partName)
    {
        if (whole % part != 0)
        {
            throw new ArgumentException($"config: {wholeName} {whole} is not a multiple of {partName} {part}.");
        }
    }
}
