using System.Text.Json;

namespace TinyLM;

/// <summary>What a user writes and reads for a value of an enumeration: <c>packed-isolated</c>.</summary>
public static class EnumName
{
    public static string Of<T>(T value)
        where T : struct, Enum => Of(value.ToString());

    public static string Of(string name) => JsonNamingPolicy.KebabCaseLower.ConvertName(name);
}
