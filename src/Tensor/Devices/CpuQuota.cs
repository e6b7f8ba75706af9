using System.Globalization;

namespace TinyLM;

/// <summary>
/// The processors' time that the container allows, in processors: half of two is one. The least of the process's control group and of all groups around it;
/// .NET's own count of processors knows the innermost one only.
/// </summary>
public static class CpuQuota
{
    private const string Root = "/sys/fs/cgroup";
    private const string Membership = "/proc/self/cgroup";

    /// <summary>Processors to use unless told otherwise: a share of one counts as a whole, since two threads with one and a half are faster than one thread.</summary>
    public static int Processors { get; } = Math.Clamp((int)Math.Min(int.MaxValue, Math.Ceiling(Find(Membership, Root))), 1, Environment.ProcessorCount);

    /// <param name="membership">A file like <c>/proc/self/cgroup</c>, with a line <c>number:controllers:path</c> a hierarchy (Linux, cgroups(7)).</param>
    /// <param name="root">Where the hierarchies are mounted.</param>
    /// <returns>∞ where nothing is limited, or nothing can be read.</returns>
    public static double Find(string membership, string root)
    {
        try
        {
            double least = double.PositiveInfinity;
            foreach (string line in File.Exists(membership) ? File.ReadLines(membership) : [])
            {
                if (line.Split(':', 3) is [_, var controllers, var path])
                {
                    // Version 2 has one hierarchy, without a name; in version 1 the controller's folder may be named together with others.
                    string[] folders = controllers.Length == 0 ? [""] : controllers.Split(',').Contains("cpu") ? ["cpu", controllers] : [];
                    least = folders.Aggregate(least, (known, folder) => Math.Min(known, Least(Path.Combine(root, folder), path)));
                }
            }

            return least;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return double.PositiveInfinity;
        }
    }

    /// <summary>From the group outwards. A container sees itself as the root, whatever its path is called outside: folders that are not there count as unlimited.</summary>
    private static double Least(string mount, string path)
    {
        double least = double.PositiveInfinity;
        for (string group = path.TrimStart('/'); ; group = Path.GetDirectoryName(group) ?? "")
        {
            least = Math.Min(least, OfGroup(Path.Combine(mount, group)));
            if (group.Length == 0)
            {
                return least;
            }
        }
    }

    private static double OfGroup(string folder)
    {
        string[] texts = Text(folder, "cpu.max") is { } both
            ? both.Split(' ')
            : [Text(folder, "cpu.cfs_quota_us") ?? "", Text(folder, "cpu.cfs_period_us") ?? ""];
        return texts is [var quota, var period] && Number(quota) is > 0 and var time && Number(period) is > 0 and var of ? time / of : double.PositiveInfinity;
    }

    private static string? Text(string folder, string name) => Path.Combine(folder, name) is var path && File.Exists(path) ? File.ReadAllText(path).Trim() : null;

    /// <summary>None of "max", which version 2 has for no limit; version 1 has -1.</summary>
    private static double? Number(string text) => double.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out double number) ? number : null;
}
