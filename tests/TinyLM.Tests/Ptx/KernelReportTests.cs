using Spectre.Console;

namespace TinyLM.Tests;

/// <summary>What KernelLab shows: kernels by name, their C#, PTX and counts; and the examples that it runs.</summary>
[NonParallelizable]
public class KernelReportTests
{
    private static readonly string Root = FindRoot();

    [Test]
    public void The_librarys_kernels_are_listed_with_their_formulas()
    {
        string[] names = [.. GpuKernel.Of(typeof(GpuKernel).Assembly).Select(kernel => kernel.Name)];
        Assert.That(names, Is.Ordered.And.Unique);
        Assert.That(names, Does.Contain("MatMul.TileProduct<Identity>.Kernel<Single, Float32Element>").And.Contain("Elementwise.UnaryGpu<Silu>.BackwardKernel"));
        Assert.That(names, Does.Contain("Elementwise.BinaryGpu<SwiGlu>.ForwardKernel"));
    }

    [Test]
    public void A_users_assembly_has_kernels_of_its_own() => Assert.That(
        GpuKernel.Of(typeof(PtxSampleKernels).Assembly).Select(kernel => kernel.Name),
        Does.Contain("PtxSampleKernels.ReduceKernel").And.Not.Contains("MatMul.TileProduct"));

    [Test]
    public void A_kernel_is_shown_with_all_that_is_known_of_it()
    {
        string text = Show("matmul.tileproduct<identity>.kernel<single", Root);
        Assert.That(text, Does.Match(@"== MatMul\.TileProduct<Identity>\.Kernel<Single, Float32Element>, src/Tensor/Kernels/MatMul/MatMul\.Gpu\.cs:\d+\n        /// <summary>"));
        Assert.That(text, Does.Contain("private static void Kernel<T, TElement>(").And.Contain("        StoreRow(op, c, sums, bias, residual, row + 48"));
        Assert.That(text, Does.Not.Contain("private static void LoadTile("));
        Assert.That(text, Does.Match(@"\n +\d+  \.visible \.entry Kernel_Kernel\("));
        Assert.That(text, Does.Match(@"launches on the interpreted device, the last with grid \d+×\d+, block 16×16\."));
        Assert.That(text, Does.Match(@"FloatArithmetic +[\d,]+ +[\d,]+").And.Match(@"sectors of 32 bytes a request.* [34]\.\d\d"));
        Assert.That(text, Does.Match(@"arithmetic intensity, nothing cached +\d+\.\d\d flops/byte"));
        Assert.That(text, Does.Contain("sound in KernelExamples.Linear: no race").And.Contain("no local memory."));
    }

    [Test]
    public void A_nested_generic_kernel_is_found_in_its_own_class() => Assert.That(
        Show("BinaryGpu<SwiGlu>.Forward", Root),
        Does.Contain("void ForwardKernel(TOp op, ArrayView<float> a, ArrayView<float> b").And.Contain("sound in KernelExamples.Binary"));

    [Test]
    public void Without_a_source_tree_one_line_says_so()
    {
        using var folder = new TemporaryFolder();
        Assert.That(Show("AdamW", folder.Path), Does.Contain($"No C# source of it under src, samples or tests, upwards from {folder.Path}.").And.Contain("sound in"));
    }

    [Test]
    public void A_fault_of_an_example_is_the_verdict_and_a_missing_example_is_told()
    {
        Assert.That(Show("RaceInWarp", Root, ofTests: true), Does.Contain("SharedMemoryRace in PtxFaultExamples.RaceInWarp: PtxFaultKernels.RaceInWarpKernel, PTX line"));
        Assert.That(Show("PtxSampleKernels.AddKernel", Root, ofTests: true), Does.Contain("not run: no example."));
        Assert.That(Show("UnknownOpcode", Root, ofTests: true), Does.Match(@"== Verdict\n.*PTX line \d+ 'prmt"));
    }

    [TestCase("MatMull.TileProdct", "kernel: 'MatMull.TileProdct' is unknown; nearest: MatMul.TileProduct<")]
    [TestCase("rmsnom", "kernel: 'rmsnom' is unknown; nearest: RmsNorm.")]
    public void A_wrong_name_is_one_line_with_the_nearest(string name, string message) =>
        Assert.That(() => new KernelReport().Find(name), Throws.InstanceOf<UserException>().With.Message.StartsWith(message));

    [Test]
    public void An_assembly_that_is_none() => Assert.That(
        () => KernelReport.Load(Path.Combine(Root, "README.md")), Throws.InstanceOf<UserException>().With.Message.StartsWith("--assembly: '"));

    /// <summary>Each example runs soundly and launches what it is named for.</summary>
    [Test]
    public void The_examples_launch_their_kernels()
    {
        using var device = GpuDevice.OpenInterpreted();
        KernelExamples.Unary<Silu>(device);
        KernelExamples.Binary<SwiGlu>(device);
        KernelExamples.Linear<Gelu>(device);
        foreach (System.Reflection.MethodInfo example in typeof(KernelExamples).GetMethods().Where(method => method.IsStatic && !method.IsGenericMethod))
        {
            example.Invoke(null, [device]);
            foreach (KernelExampleAttribute attribute in example.GetCustomAttributes(typeof(KernelExampleAttribute), inherit: false))
            {
                IEnumerable<string> launched = device.Statistics!.Kernels.Select(run => run.Kernel.Name);
                Assert.That(launched, Has.Some.StartsWith($"{attribute.Kernels}."));
            }
        }
    }

    private static string Show(string name, string folder, bool ofTests = false)
    {
        using var writer = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(writer) });
        console.Profile.Width = 200;
        var report = new KernelReport(ofTests ? typeof(KernelReportTests).Assembly : null, console: console);
        report.Show(report.Find(name).Single(), folder);
        return writer.ToString().ReplaceLineEndings("\n");
    }

    private static string FindRoot()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "TinyLM.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside of the repository.");
        }

        return folder;
    }
}

/// <summary>An example of a kernel with a fault.</summary>
internal static class PtxFaultExamples
{
    [KernelExample("PtxFaultKernels.RaceInWarpKernel")]
    public static void RaceInWarp(GpuDevice device) =>
        device.Launch(PtxFaultKernels.RaceInWarp, 1, 32).With(device.TemporaryIndices(new int[32])).With(0).Run();
}
