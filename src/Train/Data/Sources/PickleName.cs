namespace TinyLM;

/// <summary>A name of a pickle that is on the list of those allowed.</summary>
/// <param name="Kind">What it stands for.</param>
/// <param name="ElementType">torch's name of a type of numbers; null for what is none.</param>
internal sealed record PickleName(PickleNameKind Kind, string? ElementType = null)
{
    private static readonly Dictionary<string, PickleName> Allowed = new()
    {
        ["torch._utils _rebuild_tensor_v2"] = new(PickleNameKind.Tensor),
        ["torch._utils _rebuild_tensor_v3"] = new(PickleNameKind.Tensor),
        ["collections OrderedDict"] = new(PickleNameKind.Dictionary),
        ["torch.storage UntypedStorage"] = OfType("untyped"),
        ["torch ShortStorage"] = OfType("int16"),
        ["torch IntStorage"] = OfType("int32"),
        ["torch LongStorage"] = OfType("int64"),
        ["torch uint16"] = OfType("uint16"),
    };

    /// <summary>The name, if it is allowed.</summary>
    /// <exception cref="UserException">It is not: it might run code.</exception>
    public static PickleName Find(string module, string name, string place) => Allowed.GetValueOrDefault($"{module} {name}")
        ?? throw new UserException($"{place}: calls for {module}.{name}, which is not among the {Allowed.Count} names that stand for data; nothing of it is executed.");

    private static PickleName OfType(string type) => new(PickleNameKind.ElementType, type);
}
