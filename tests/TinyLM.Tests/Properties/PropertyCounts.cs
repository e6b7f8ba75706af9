using System.Globalization;

namespace TinyLM.Tests.Properties;

/// <summary>How many random cases each property has seen in this run.</summary>
internal static class PropertyCounts
{
    private static readonly List<(string Property, string Device, int Cases, TimeSpan Time)> Rows = [];

    public static void Add(string property, string device, int cases, TimeSpan time) => Rows.Add((property, device, cases, time));

    /// <summary>All cases on a device.</summary>
    public static int On(string device) => Rows.Where(row => row.Device == device).Sum(row => row.Cases);

    /// <summary>A line a property and one for each device; empty where none ran.</summary>
    public static string Text() => Rows.Count == 0 ? "" : string.Join('\n',
    [
        .. Rows.Select(row => string.Create(CultureInfo.InvariantCulture, $"{row.Cases,6} cases {row.Time.TotalSeconds,6:0.0} s  {row.Property}")),
        .. Rows.GroupBy(row => row.Device).Select(rows => string.Create(
            CultureInfo.InvariantCulture, $"{rows.Sum(row => row.Cases),6} cases {rows.Sum(row => row.Time.TotalSeconds),6:0.0} s  in all on {rows.Key}")),
    ]) + "\n";
}
