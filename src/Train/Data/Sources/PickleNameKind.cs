namespace TinyLM;

/// <summary>What a name in a pickle stands for.</summary>
internal enum PickleNameKind
{
    /// <summary>The type of a tensor's numbers.</summary>
    ElementType,

    /// <summary>A tensor, from its storage, offset, shape and strides.</summary>
    Tensor,

    /// <summary>An empty dictionary.</summary>
    Dictionary,
}
