using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace TinyLM;

/// <summary>The fields of a <see cref="RunConfig"/> by path, such as <c>training.learningRate</c>, as its JSON names them.</summary>
internal static class ConfigPath
{
    /// <summary>The groups in which fields can be set; beside them stands the preset's name, which has its own option.</summary>
    private static readonly JsonTypeInfo Root = TrainingJson.Default.RunConfig;

    /// <summary>Every path that can be set.</summary>
    public static IEnumerable<string> All => Leaves(Root, prefix: "").Where(path => path.Contains('.', StringComparison.Ordinal));

    /// <summary>Sets a field in a config's JSON.</summary>
    /// <exception cref="UserException">There is no such field, or the value is not of its kind.</exception>
    public static void Set(JsonObject root, Setting setting)
    {
        string path = All.FirstOrDefault(known => known == setting.Path) ?? throw new UserException(
            $"{setting.Option}: there is no field '{setting.Path}'; the nearest: {string.Join(", ", NearestNames.Find(setting.Path, All))} (--show-config lists all).");
        string[] names = path.Split('.');
        JsonObject node = root;
        JsonTypeInfo type = Root;
        foreach (string group in names[..^1])
        {
            (node, type) = ((JsonObject)node[group]!, InfoOf(PropertyOf(type, group).PropertyType));
        }

        node[names[^1]] = Value(setting, PropertyOf(type, names[^1]).PropertyType);
    }

    /// <summary>The node at a path that can be set.</summary>
    public static JsonNode? Find(JsonObject root, string path) => path.Split('.').Aggregate((JsonNode?)root, (node, name) => node?[name]);

    private static IEnumerable<string> Leaves(JsonTypeInfo type, string prefix) => type.Properties.SelectMany(property =>
        InfoOf(property.PropertyType) is { Kind: JsonTypeInfoKind.Object } group ? Leaves(group, $"{prefix}{property.Name}.") : [prefix + property.Name]);

    private static JsonPropertyInfo PropertyOf(JsonTypeInfo type, string name) => type.Properties.First(property => property.Name == name);

    private static JsonTypeInfo InfoOf(Type type) => TrainingJson.Default.GetTypeInfo(type)!;

    private static JsonNode? Value(Setting setting, Type declared)
    {
        Type type = Nullable.GetUnderlyingType(declared) ?? declared;
        string text = setting.Value;
        if (type.IsEnum)
        {
            return Array.Find(Enum.GetNames(type), name => name.Equals(text, StringComparison.OrdinalIgnoreCase))
                ?? throw new UserException($"{setting.Option}: '{text}' is unknown; known: {string.Join(", ", Enum.GetNames(type)).ToLowerInvariant()}.");
        }

        try
        {
            // Numbers in every form that people write them in.
            JsonNode? node = type == typeof(string) ? text
                : type == typeof(bool) && bool.TryParse(text, out bool flag) ? flag
                : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) && type != typeof(ulong) ? number
                : JsonNode.Parse(text);
            _ = node.Deserialize(InfoOf(declared));
            return node;
        }
        catch (JsonException fault)
        {
            throw new UserException($"{setting.Option}: '{text}' is not {Kind(type)}.", UserException.Mistake, fault);
        }
    }

    private static string Kind(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Int32 or TypeCode.Int64 => "a whole number",
        TypeCode.UInt64 => "a whole number of at least 0",
        TypeCode.Single or TypeCode.Double => "a number",
        TypeCode.Boolean => "true or false",
        _ => "a value of its kind",
    };
}
