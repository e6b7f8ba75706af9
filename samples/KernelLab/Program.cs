// Lists GPU kernels, or shows one: its C#, its PTX, a run on the interpreted device, what a GPU would pay for it, and the verdicts. Needs no GPU.
using System.CommandLine;
using TinyLM;

var name = new Argument<string?>("kernel") { Description = "a kernel's name, or part of it; none: all are listed", Arity = ArgumentArity.ZeroOrOne };
var ptxOnly = new Option<bool>("--ptx-only") { Description = "print the PTX alone, as the driver gets it" };
var level = new Option<string>("--level") { Description = "how far ILGPU optimises: O0, O1 or O2 (what devices use)", DefaultValueFactory = _ => "O2" };
var assembly = new Option<string?>("--assembly") { Description = "an assembly of your own with kernels: static fields of type GpuKernel" };
var command = new RootCommand("Shows GPU kernels as C# and PTX, runs them on an interpreter, and counts what a GPU would pay for.") { name, ptxOnly, level, assembly };

return CommandLine.Run(command, args, arguments =>
{
    PtxOptimization optimization = arguments.GetValue(level)!.ToUpperInvariant() switch
    {
        "O0" => PtxOptimization.O0,
        "O1" => PtxOptimization.O1,
        "O2" => PtxOptimization.O2WithoutCodePlacement,
        var other => throw new UserException($"--level: '{other}' is unknown; known: O0, O1, O2."),
    };
    var report = new KernelReport(arguments.GetValue(assembly) is { } path ? KernelReport.Load(path) : null, optimization);
    IReadOnlyList<GpuKernel> kernels = arguments.GetValue(name) is { } part ? report.Find(part) : report.Kernels;
    if (kernels.Count != 1)
    {
        report.List(kernels);
    }
    else if (arguments.GetValue(ptxOnly))
    {
        report.Ptx(kernels[0]);
    }
    else
    {
        report.Show(kernels[0], Environment.CurrentDirectory);
    }

    return 0;
});
