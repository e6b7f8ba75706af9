namespace TinyLM.Tests;

/// <summary>The devices that ops are judged on, each opened once and shared by all tests: opening is costly.</summary>
public static class TestDevices
{
    /// <summary>Set to 1 where a GPU must be there: its absence then fails the tests that it would otherwise skip.</summary>
    public const string RequireCuda = "TINYLM_REQUIRE_CUDA";

    private static readonly Dictionary<string, Device> Open = [];

    /// <summary>What the tests of ops run on. Without a GPU, "cuda" is left to one test that says why it is skipped, instead of hundreds.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. AlwaysThere, .. CudaIsWanted() ? ["cuda"] : Array.Empty<string>()];

    /// <summary>Why "cuda" is not among <see cref="Names"/>; null where it is.</summary>
    public static string? WhyNoCuda { get; private set; }

    private static string[] AlwaysThere => ["cpu", "interpreted"];

    public static Device Get(string name)
    {
        if (!Open.TryGetValue(name, out Device? device))
        {
            Open[name] = device = Device.Open(name, threadCount: name == "cpu" ? 2 : 0);
        }

        return device;
    }

    /// <summary>The CPU with this many threads.</summary>
    public static Device Cpu(int threads)
    {
        string name = $"cpu, {threads} threads";
        if (!Open.TryGetValue(name, out Device? device))
        {
            Open[name] = device = Device.Open("cpu", threads);
        }

        return device;
    }

    public static void Close()
    {
        foreach (Device device in Open.Values)
        {
            device.Dispose();
        }

        Open.Clear();
    }

    private static bool CudaIsWanted()
    {
        if (Environment.GetEnvironmentVariable(RequireCuda) == "1")
        {
            return true;
        }

        try
        {
            Get("cuda");
            return true;
        }
        catch (DeviceException exception)
        {
            WhyNoCuda = exception.Message;
            return false;
        }
    }
}
