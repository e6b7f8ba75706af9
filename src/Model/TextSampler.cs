namespace TinyLM;

/// <summary>How the next token is drawn.</summary>
/// <param name="Temperature">Logits are divided by it; 0 takes the likeliest token.</param>
/// <param name="TopK">Only the k likeliest tokens are drawn from; 0: all.</param>
/// <param name="Seed">Same seed and prompt: same text.</param>
public sealed record SamplingOptions(double Temperature = 0.8, int TopK = 40, ulong Seed = 0);

/// <summary>Continues a document token by token, with a key/value cache.</summary>
public sealed class TextSampler
{
    private readonly Gpt _model;
    private readonly KeyValueCache _cache;

    public TextSampler(Gpt model)
    {
        ArgumentNullException.ThrowIfNull(model);
        (_model, _cache) = (model, model.CreateCache());
    }

    /// <summary>Draws up to <paramref name="count"/> tokens after the prompt; ends early after <paramref name="stopId"/>, which is not returned.</summary>
    /// <remarks>When the context is full, the later half of it is read again and the text goes on from there.</remarks>
    public int[] Continue(ReadOnlySpan<int> prompt, int count, SamplingOptions options, int stopId = -1)
    {
        if (prompt.IsEmpty)
        {
            throw new ArgumentException("TextSampler: the prompt is empty; begin with the BOS token at least.");
        }

        var random = new Philox(options.Seed, Philox.Purpose("sampling"));
        var text = new List<int>(prompt.Length + count);
        text.AddRange(prompt);
        _cache.Clear();
        int[] pending = [.. prompt[^Math.Min(prompt.Length, _cache.Capacity)..]];
        for (int drawn = 0; drawn < count; drawn++)
        {
            int next = Draw(Read(pending), options, random.Uniform((ulong)drawn));
            if (next == stopId)
            {
                break;
            }

            text.Add(next);
            pending = [next];
            if (_cache.Count == _cache.Capacity)
            {
                _cache.Clear();
                pending = [.. text[^Math.Max(1, _cache.Capacity / 2)..]];
            }
        }

        return [.. text[prompt.Length..]];
    }

    private float[] Read(int[] ids)
    {
        using Tape tape = _model.Device.BeginTape(gradients: false);
        return _model.ForwardCached(tape, ids, _cache).Value.ToArray();
    }

    private static int Draw(float[] logits, SamplingOptions options, double uniform)
    {
        int[] order = [.. Enumerable.Range(0, logits.Length)];
        Array.Sort(order, (a, b) => logits[a] == logits[b] ? a.CompareTo(b) : logits[b].CompareTo(logits[a]));
        int kept = options.TopK > 0 ? Math.Min(options.TopK, order.Length) : order.Length;
        if (options.Temperature <= 0 || kept == 1)
        {
            return order[0];
        }

        var weights = new double[kept];
        double sum = 0;
        for (int i = 0; i < kept; i++)
        {
            weights[i] = Math.Exp((logits[order[i]] - logits[order[0]]) / options.Temperature);
            sum += weights[i];
        }

        double left = uniform * sum;
        for (int i = 0; i < kept; i++)
        {
            left -= weights[i];
            if (left < 0)
            {
                return order[i];
            }
        }

        return order[kept - 1];
    }
}
