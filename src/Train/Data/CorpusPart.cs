namespace TinyLM;

/// <summary>What a document of a source is for.</summary>
internal enum CorpusPart : byte
{
    /// <summary>Nothing: it is empty, or equals another.</summary>
    LeftOut,
    Training,
    Validation,
}
