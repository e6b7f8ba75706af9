namespace TinyLM.Tests;

/// <summary>The launch API: its checks, its cost, its counts.</summary>
[NonParallelizable]
public class PtxLaunchTests
{
    [Test]
    public void Wrong_arguments_are_told_by_kernel_parameter_seen_and_expected()
    {
        using var bench = new PtxBench();
        GpuDevice gpu = bench.Device;
        Tensor x = gpu.Allocate(1, 8, "x");
        Buffer<int> wrong = bench.Buffer(8, i => i);
        Assert.That(Message(() => gpu.Launch(PtxSampleKernels.Add, 1, 8).With(x).With(3).Run()),
            Is.EqualTo("PtxSampleKernels.AddKernel: parameter 2 'b' was given Int32, expected ArrayView<Single>."));
        Assert.That(Message(() => gpu.Launch(PtxSampleKernels.Add, 1, 8).With(x).With(wrong).Run()),
            Is.EqualTo("PtxSampleKernels.AddKernel: parameter 2 'b' was given an IndexTensor, expected ArrayView<Single>."));
        Assert.That(Message(() => gpu.Launch(PtxSampleKernels.Add, 1, 8).With(x).With(x).Run()),
            Is.EqualTo("PtxSampleKernels.AddKernel: parameter 3 'sum' was given no argument, expected ArrayView<Single>."));
        Assert.That(Message(() => gpu.Launch(PtxSampleKernels.Add, 1, 8).With(x).With(x).With(x).With(x).Run()),
            Is.EqualTo("PtxSampleKernels.AddKernel: argument 4 is a Tensor, expected 3 arguments."));
        Assert.That(Message(() => gpu.Launch(PtxSampleKernels.Scalars, 1, 8).With(x).With(default(IndexTensor)).With(1.0).Run()),
            Is.EqualTo("PtxSampleKernels.ScalarsKernel: parameter 3 'a' was given Double, expected Int32."));
        Assert.That(Message(() => gpu.Launch(PtxSampleKernels.Add, 1, 1025).With(x).Run()), Does.Contain("block 1025×1; expected"));
    }

    [Test]
    public void Memory_of_another_device_is_refused()
    {
        using var bench = new PtxBench();
        using Device cpu = Device.Open("cpu", threadCount: 1);
        Tensor foreign = cpu.Allocate(1, 8);
        Assert.That(Message(() => bench.Device.Launch(PtxSampleKernels.Add, 1, 8).With(foreign).Run()),
            Is.EqualTo("PtxSampleKernels.AddKernel: parameter 1 'a' was given memory of another device (CPU, 1 thread), expected memory of this one."));
    }

    [Test]
    public void A_launch_allocates_nothing()
    {
        using var bench = new PtxBench();
        Tensor x = bench.Device.Allocate(1, 32);
        for (int launch = 0; launch < 3; launch++)
        {
            bench.Device.Launch(PtxSampleKernels.Add, 1, 32).With(x).With(x).With(x).Run();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int launch = 0; launch < 10; launch++)
        {
            bench.Device.Launch(PtxSampleKernels.Add, 1, 32).With(x).With(x).With(x).Run();
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void Counts_of_memory_and_instructions()
    {
        using var bench = new PtxBench();
        Buffer<float> x = bench.Buffer(256, i => (float)i);
        bench.Device.Launch(PtxSampleKernels.Add, 8, 32).With(x).With(x).With(x).Run();
        KernelStatistics add = bench.Device.Statistics!.Of(PtxSampleKernels.Add)!;
        Assert.That(add.Launches, Is.EqualTo(1));
        Assert.That(add.GlobalRequests, Is.EqualTo(8 * 3));
        Assert.That(add.SectorsPerRequest, Is.EqualTo(4), "32 adjacent floats");
        Assert.That(add.Instructions(InstructionKind.GlobalLoad), Is.EqualTo(512));
        Assert.That(add.Instructions(InstructionKind.GlobalStore), Is.EqualTo(256));
        Assert.That(add.Instructions(InstructionKind.FloatArithmetic), Is.EqualTo(256));

        Buffer<int> table = bench.Buffer(32, _ => 0);
        bench.Device.Launch(PtxSampleKernels.LocalArray, 1, 32).With(table).Run();
        Assert.That(bench.Counts.LocalAccesses, Is.EqualTo(32 * 17), "8 zeros, 8 stores and a load a thread");

        bench.Device.Launch(PtxCountKernels.Strided, 1, 32).With(bench.Buffer(1024, i => i)).With(32).Run();
        bench.Device.Launch(PtxCountKernels.Strided, 1, 32).With(bench.Buffer(1024, i => i)).With(1).Run();
        KernelStatistics strided = bench.Device.Statistics!.Of(PtxCountKernels.Strided)!;
        Assert.That(strided.Launches, Is.EqualTo(2));
        Assert.That(strided.BankConflicts, Is.EqualTo(31 + 31), "a store and a load of one bank by 32 lanes");
        Assert.That(strided.GlobalSectors, Is.EqualTo(32 + 32 + 4 + 4), "a load and a store, scattered and adjacent");
    }

    /// <summary>Not a limit to keep: a note in the log of how fast the interpreter is.</summary>
    [Test]
    public void Speed_is_worth_a_note()
    {
        using var bench = new PtxBench();
        Buffer<float> a = bench.Buffer(64 * 64, i => (float)(i % 7));
        Buffer<float> c = bench.Buffer(64 * 64, _ => 0f);
        TimeSpan start = Environment.CpuUsage.TotalTime;
        bench.Device.Launch(PtxSampleKernels.MatMul, 8, 8, 8, 8).With(a).With(a).With(c).With(64).Run();
        double seconds = (Environment.CpuUsage.TotalTime - start).TotalSeconds;
        bench.Device.Statistics!.Clear();
        start = Environment.CpuUsage.TotalTime;
        bench.Device.Launch(PtxSampleKernels.MatMul, 8, 8, 8, 8).With(a).With(a).With(c).With(64).Run();
        double again = (Environment.CpuUsage.TotalTime - start).TotalSeconds;
        long count = bench.Counts.TotalInstructions;
        TestContext.Out.WriteLine($"64×64×64 product: {count:N0} instructions, {seconds * 1000:F0} ms of CPU first, then {again * 1000:F0} ms: {count / again / 1e6:F0} M/s");
        Assert.That(count, Is.GreaterThan(64 * 64 * 64));
    }

    private static string Message(Action launch) => Assert.Throws<ArgumentException>(launch)!.Message;
}
