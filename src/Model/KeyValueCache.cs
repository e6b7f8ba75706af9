namespace TinyLM;

/// <summary>The keys and values of one document's tokens, layer by layer, so that generating the next token computes only its own.</summary>
public sealed class KeyValueCache
{
    private readonly Tensor[] _layers;

    internal KeyValueCache(Device device, GptConfig config)
    {
        int keyValueWidth = 2 * config.KeyValueHeadCount * config.HeadSize;
        _layers = new Tensor[config.LayerCount];
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            _layers[layer] = device.Allocate(config.ContextLength, keyValueWidth, $"cache.{layer}");
        }

        Capacity = config.ContextLength;
    }

    /// <summary>Tokens it can hold: the model's context.</summary>
    public int Capacity { get; }

    /// <summary>Tokens it holds.</summary>
    public int Count { get; private set; }

    /// <summary>Forgets the document; the memory stays.</summary>
    public void Clear() => Count = 0;

    /// <summary>[context, 2 · key/value width]: keys, then values.</summary>
    internal Tensor Layer(int layer) => _layers[layer];

    internal void Advance(int tokens) => Count += tokens;
}
