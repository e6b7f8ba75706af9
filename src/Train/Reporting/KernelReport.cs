using System.Reflection;
using Spectre.Console;

namespace TinyLM;

/// <summary>
/// Shows the GPU kernels of an assembly: their list, and of one its C#, its PTX, and a run of its example on the interpreted device with
/// what a GPU would pay for it. Needs no GPU.
/// </summary>
public sealed class KernelReport
{
    private readonly IAnsiConsole _console;
    private readonly PtxOptimization _level;
    private readonly Assembly[] _examples;

    /// <param name="assembly">Where the kernels are: a library of the user's; null for TinyLM's own.</param>
    /// <param name="level">How far ILGPU optimises.</param>
    /// <param name="console">Where to write; null for standard output.</param>
    public KernelReport(Assembly? assembly = null, PtxOptimization level = PtxOptimization.O2WithoutCodePlacement, IAnsiConsole? console = null)
    {
        _console = console ?? AnsiConsole.Console;
        if (Console.IsOutputRedirected)
        {
            _console.Profile.Width = Math.Max(_console.Profile.Width, 200);
        }

        _level = level;
        _examples = assembly is null ? [typeof(KernelExamples).Assembly] : [assembly, typeof(KernelExamples).Assembly];
        Kernels = GpuKernel.Of(assembly ?? typeof(GpuKernel).Assembly);
    }

    /// <summary>All kernels of the assembly, by name.</summary>
    public IReadOnlyList<GpuKernel> Kernels { get; }

    /// <summary>Loads a user's assembly.</summary>
    /// <exception cref="UserException">There is no such file, it is no .NET assembly, or it needs something that is not there.</exception>
    public static Assembly Load(string path)
    {
        try
        {
            Assembly assembly = Assembly.LoadFrom(path);
            assembly.GetTypes();
            return assembly;
        }
        catch (Exception fault) when (fault is IOException or BadImageFormatException or ReflectionTypeLoadException)
        {
            string why = fault is ReflectionTypeLoadException { LoaderExceptions: [{ } first, ..] } ? first.Message : fault.Message;
            throw new UserException($"--assembly: '{path}' cannot be loaded: {why}", inner: fault);
        }
    }

    /// <summary>The kernel of this name, or those whose name has it as a part, without regard to case.</summary>
    /// <exception cref="UserException">There is none.</exception>
    public IReadOnlyList<GpuKernel> Find(string name)
    {
        GpuKernel[] exact = [.. Kernels.Where(kernel => string.Equals(kernel.Name, name, StringComparison.OrdinalIgnoreCase))];
        GpuKernel[] found = exact.Length > 0 ? exact : [.. Kernels.Where(kernel => kernel.Name.Contains(name, StringComparison.OrdinalIgnoreCase))];
        return found.Length > 0 ? found
            : Kernels.Count == 0 ? throw new UserException($"kernel: '{name}' is unknown; the assembly has no static fields of type GpuKernel.")
            : throw new UserException($"kernel: '{name}' is unknown; nearest: {string.Join(", ", NearestNames.Find(name, Kernels.Select(kernel => kernel.Name)))}.");
    }

    /// <summary>One line a kernel: name and parameters.</summary>
    public void List(IEnumerable<GpuKernel> kernels)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("kernel", "parameters");
        foreach (GpuKernel kernel in kernels)
        {
            table.AddRow(Markup.Escape(kernel.Name), Markup.Escape(string.Join(", ", kernel.Method.GetParameters().Select(parameter => parameter.Name))));
        }

        _console.Write(table);
    }

    /// <summary>The PTX alone, as the driver gets it.</summary>
    public void Ptx(GpuKernel kernel) => _console.Profile.Out.Writer.Write(KernelListing.PtxOf(kernel, _level));

    /// <summary>C#, PTX with line numbers, static counts, and a run of the example.</summary>
    /// <exception cref="DeviceException">ILGPU cannot compile the kernel.</exception>
    public void Show(GpuKernel kernel, string sourceFolder)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        ShowSource(kernel, sourceFolder);
        Heading($"PTX at {_level}");
        string ptx = KernelListing.PtxOf(kernel, _level);
        string[] lines = ptx.TrimEnd().Split('\n');
        for (int line = 0; line < lines.Length; line++)
        {
            Line(FormattableString.Invariant($"{line + 1,5}  {lines[line].TrimEnd().Replace("\t", "    ", StringComparison.Ordinal)}"));
        }

        KernelListing listing;
        try
        {
            listing = KernelListing.Of(kernel, _level);
        }
        catch (DeviceException unknown)
        {
            Heading("Verdict");
            Line(unknown.Message);
            return;
        }

        ShowRun(kernel, listing);
    }

    private void ShowSource(GpuKernel kernel, string folder)
    {
        if (KernelSource.Find(kernel, folder) is { } source)
        {
            Heading($"{kernel.Name}, {Path.GetRelativePath(folder, source.Path)}:{source.Line}");
            Line(source.Text);
        }
        else
        {
            Heading(kernel.Name);
            Line($"No C# source of it under src, samples or tests, upwards from {folder}.");
        }
    }

    private void ShowRun(GpuKernel kernel, KernelListing listing)
    {
        (KernelStatistics? run, string verdict) = Run(kernel);
        Heading("Counts");
        if (run is not null)
        {
            Line(FormattableString.Invariant($"{run.Launches} launch{(run.Launches == 1 ? "" : "es")} on the interpreted device, the last with {run.LastShape}."));
        }

        ShowInstructions(listing, run);
        ShowMemory(listing, run);
        Heading("Verdict");
        Line(verdict);
        Line(listing.LocalBytes == 0 ? "no local memory." : $"local memory: {listing.LocalBytes} bytes a thread; an array indexed by a variable, say, cannot stay in registers.");
    }

    private (KernelStatistics? Run, string Verdict) Run(GpuKernel kernel)
    {
        KernelExample? example;
        try
        {
            example = KernelExample.Find(kernel, _examples);
        }
        catch (ArgumentException wrong)
        {
            throw new UserException(wrong.Message, inner: wrong);
        }

        if (example is null)
        {
            return (null, "not run: no example. Mark a static void method of one GpuDevice that launches it with [KernelExample(\"ClassOfTheKernel\")].");
        }

        using GpuDevice device = GpuDevice.OpenInterpreted(_level);
        try
        {
            KernelStatistics? run = example.Run(device, kernel);
            return (run, run is null
                ? $"not run: the example {example.Name} does not launch it."
                : $"sound in {example.Name}: no race, no diverged barrier or shuffle, no deadlock, no stray or misaligned address, " +
                  "no shared or local memory read before it was written.");
        }
        catch (KernelFaultException fault)
        {
            return (null, $"{fault.Fault} in {example.Name}: {fault.Message}");
        }
    }

    private void ShowInstructions(KernelListing listing, KernelStatistics? run)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("instructions", "in the text", "run, all threads");
        table.Columns[1].RightAligned();
        table.Columns[2].RightAligned();
        foreach (InstructionKind kind in Enum.GetValues<InstructionKind>().Where(kind => listing.Count(kind) > 0))
        {
            table.AddRow(kind.ToString(), $"{listing.Count(kind)}", Count(run?.Instructions(kind)));
        }

        table.AddRow("total", $"{listing.InstructionCount}", Count(run?.TotalInstructions));
        _console.Write(table);
    }

    private void ShowMemory(KernelListing listing, KernelStatistics? run)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("memory", "");
        table.Columns[1].RightAligned();
        table.AddRow("shared memory of a block, static", $"{listing.SharedBytes:N0} bytes");
        table.AddRow("local memory of a thread", $"{listing.LocalBytes:N0} bytes");
        if (run is not null)
        {
            table.AddRow("global requests of warps", Count(run.GlobalRequests));
            table.AddRow("sectors of 32 bytes a request (4 is perfect for floats)", FormattableString.Invariant($"{run.SectorsPerRequest:F2}"));
            table.AddRow("shared requests of warps", Count(run.SharedRequests));
            table.AddRow("bank conflicts: extra passes", Count(run.BankConflicts));
            table.AddRow("local accesses of threads", Count(run.LocalAccesses));
            table.AddRow("floating-point operations", Count(run.Flops));
            table.AddRow("arithmetic intensity, nothing cached", FormattableString.Invariant($"{run.ArithmeticIntensity:F2} flops/byte"));
        }

        _console.Write(table);
    }

    private static string Count(long? value) => value is { } count ? FormattableString.Invariant($"{count:N0}") : "-";

    private void Heading(string text)
    {
        Line("");
        Line($"== {text}");
    }

    /// <summary>Not by the console's own WriteLine, which would wrap long lines of code.</summary>
    private void Line(string text) => _console.Profile.Out.Writer.WriteLine(text);
}
