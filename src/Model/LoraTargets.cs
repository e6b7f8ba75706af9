namespace TinyLM;

/// <summary>The linear layers that an adapter changes.</summary>
[Flags]
public enum LoraTargets
{
    None = 0,

    /// <summary>The queries' part of each attention layer's input product.</summary>
    Query = 1,

    /// <summary>The keys' part.</summary>
    Key = 2,

    /// <summary>The values' part.</summary>
    Value = 4,

    /// <summary>Each attention layer's output.</summary>
    Output = 8,

    /// <summary>All products of each feed-forward part: gate, up and down.</summary>
    Mlp = 16,

    /// <summary>The head; where it is tied to the embedding, the embedding stays as it is.</summary>
    Head = 32,
}
