using System.Globalization;
using System.Text.RegularExpressions;

namespace TinyLM;

/// <summary>Alignment and bytes of a <c>.param</c> declaration.</summary>
internal static class PtxParameterSize
{
    public static (int Alignment, int Bytes) Of(Match declaration)
    {
        string type = declaration.Groups["type"].Value;
        int elementBytes = int.Parse(type.AsSpan().TrimStart("abcdefghijklmnopqrstuvwxyz"), CultureInfo.InvariantCulture) / 8;
        int bytes = declaration.Groups["count"] is { Success: true } count
            ? int.Parse(count.ValueSpan, CultureInfo.InvariantCulture) * elementBytes
            : elementBytes;
        int alignment = declaration.Groups["align"] is { Success: true } align
            ? int.Parse(align.ValueSpan, CultureInfo.InvariantCulture)
            : elementBytes;
        return (alignment, bytes);
    }
}
