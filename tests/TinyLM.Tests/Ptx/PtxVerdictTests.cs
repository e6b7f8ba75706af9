namespace TinyLM.Tests;

/// <summary>Each verdict on a kernel that deserves it and on one that does not.</summary>
public class PtxVerdictTests
{
    [TestCase(nameof(PtxFaultKernels.Stray), KernelFault.StrayAddress, "writes 4 bytes.*at byte 192 of the nearest view, 'x', which has 192")]
    [TestCase(nameof(PtxFaultKernels.StrayShared), KernelFault.StrayAddress, @"thread \(31, 0\).*writes 4 bytes at shared address 128.*128 bytes of shared")]
    [TestCase(nameof(PtxFaultKernels.Race), KernelFault.SharedMemoryRace, @"thread \(32, 0\).*writes shared byte 128, which thread \(31, 0\) has read since the last barrier; expected a barrier in between")]
    [TestCase(nameof(PtxFaultKernels.RaceInWarp), KernelFault.SharedMemoryRace, @"writes shared byte 0, which thread \(31, 0\) has read")]
    [TestCase(nameof(PtxFaultKernels.TwoWriters), KernelFault.SharedMemoryRace, @"thread \(1, 0\).*writes shared byte 0, which thread \(0, 0\) has written")]
    [TestCase(nameof(PtxFaultKernels.Uninitialized), KernelFault.UninitializedSharedMemory, @"thread \(32, 0\).*reads shared byte 128, which this block has not written")]
    [TestCase(nameof(PtxFaultKernels.DivergedBarrier), KernelFault.DivergedBarrier, @"bar\.sync.*waits at the barrier, while thread \(40, 0\) has ended")]
    [TestCase(nameof(PtxFaultKernels.DivergedShuffle), KernelFault.DivergedWarp, @"shfl.*waits for its warp, while thread \(16, 0\) has ended")]
    [TestCase(nameof(PtxFaultKernels.Deadlock), KernelFault.Deadlock, @"waits for its warp, while thread \(0, 0\) waits at the barrier")]
    [TestCase(nameof(PtxFaultKernels.AtomicRace), KernelFault.SharedMemoryRace, "reads shared byte 0, which an atomic operation has written since the last barrier")]
    [TestCase(nameof(PtxFaultKernels.StrayLocal), KernelFault.StrayAddress, "reads 4 bytes at local address 16; expected an address inside the thread's 16 bytes of local memory")]
    [TestCase(nameof(PtxFaultKernels.UninitializedLocal), KernelFault.UninitializedLocalMemory, @"thread \(3, 0\).*reads 4 bytes at local address 12, which this thread has not written")]
    [TestCase(nameof(PtxFaultKernels.TwoBarriers), KernelFault.Deadlock, @"waits at the barrier, while thread \(32, 0\) waits at another, PTX line")]
    [TestCase(nameof(PtxFaultKernels.MisalignedShared), KernelFault.MisalignedAddress, "writes 4 bytes at .*; expected a multiple of 4")]
    public void Verdict(string name, KernelFault fault, string message)
    {
        GpuKernel kernel = Kernel(name);
        using var bench = new PtxBench();
        KernelFaultException found = Assert.Throws<KernelFaultException>(() => Launch(bench, kernel, mended: 0))!;
        TestContext.Out.WriteLine(found.Message);
        Assert.That(found.Fault, Is.EqualTo(fault));
        Assert.That(found.Message, Does.Match(message).And.StartsWith($"PtxFaultKernels.{name}Kernel, PTX line {found.Line} '"));
        Assert.DoesNotThrow(() => Launch(bench, kernel, mended: 1), "the mended kernel, on the same device");
    }

    [Test]
    public void A_misaligned_address()
    {
        using var bench = new PtxBench();
        Buffer<byte> bytes = bench.Buffer(16, i => (byte)i);
        Buffer<int> y = bench.Buffer(0);
        KernelFaultException found = Assert.Throws<KernelFaultException>(() =>
            bench.Device.Launch(PtxFaultKernels.Misaligned, 1, 1).With(bytes).With(y).With(0).Run())!;
        Assert.That(found.Fault, Is.EqualTo(KernelFault.MisalignedAddress));
        Assert.That(found.Message, Does.Match("reads 4 bytes at address 0x[0-9A-F]+; expected a multiple of 4"));
        bench.Device.Launch(PtxFaultKernels.Misaligned, 1, 1).With(bytes).With(y).With(1).Run();
        Assert.That(y.ToArray()[0], Is.EqualTo(0x07060504));
    }

    [Test]
    public void A_loop_without_end()
    {
        using var bench = new PtxBench(host: new PtxMachine { InstructionLimit = 100_000 });
        Buffer<int> x = bench.Buffer(0, 0);
        KernelFaultException found = Assert.Throws<KernelFaultException>(() =>
            bench.Device.Launch(PtxFaultKernels.Endless, 1, 1).With(x).With(0).Run())!;
        Assert.That(found.Fault, Is.EqualTo(KernelFault.Endless));
        bench.Device.Launch(PtxFaultKernels.Endless, 1, 1).With(x).With(1).Run();
        Assert.That(x.ToArray(), Is.EqualTo(new[] { 1, 1 }));
    }

    [Test]
    public void An_asynchronous_copy_that_nobody_waits_for()
    {
        using var bench = new PtxBench();
        Buffer<uint> x = bench.Buffer(128, i => (uint)i);
        Buffer<uint> y = bench.Buffer(32, _ => 0u);
        KernelFaultException found = Assert.Throws<KernelFaultException>(() =>
            bench.Device.Launch(PtxFaultKernels.UnawaitedCopy, 1, 32).With(x).With(y).With(0).Run())!;
        Assert.That(found.Message, Does.Contain("which a cp.async may still be filling; expected cp.async.wait_group"));
        bench.Device.Launch(PtxFaultKernels.UnawaitedCopy, 1, 32).With(x).With(y).With(1).Run();
        Assert.That(y.ToArray(), Is.EqualTo(Enumerable.Range(0, 32).Select(i => (uint)(31 - i) * 4)));
    }

    [Test]
    public void An_asynchronous_copy_that_only_its_own_thread_waits_for()
    {
        using var bench = new PtxBench();
        Buffer<uint> x = bench.Buffer(128, i => (uint)i);
        Buffer<uint> y = bench.Buffer(32, _ => 0u);
        KernelFaultException found = Assert.Throws<KernelFaultException>(() =>
            bench.Device.Launch(PtxFaultKernels.UnbarrieredCopy, 1, 32).With(x).With(y).With(0).Run())!;
        Assert.That(found.Fault, Is.EqualTo(KernelFault.SharedMemoryRace));
        Assert.That(found.Message, Does.Match(@"thread \(0, 0\).*reads shared byte 496, which thread \(31, 0\) has written since the last barrier"));
        bench.Device.Launch(PtxFaultKernels.UnbarrieredCopy, 1, 32).With(x).With(y).With(1).Run();
    }

    [Test]
    public void A_tensor_core_product_of_part_of_a_warp()
    {
        using var bench = new PtxBench();
        Buffer<uint> x = bench.Buffer(1024, _ => 0u);
        KernelFaultException found = Assert.Throws<KernelFaultException>(() =>
            bench.Device.Launch(PtxSampleKernels.BFloat16Tile, 1, 16).With(x).With(x).With(x).With(8).With(16).Run())!;
        Assert.That(found.Fault, Is.EqualTo(KernelFault.DivergedWarp));
        Assert.That(found.Message, Does.Contain("belongs to a warp of fewer than 32 threads; expected a whole warp for a tensor-core operation"));
    }

    [Test]
    public void Local_memory_and_none()
    {
        Assert.That(KernelListing.Of(PtxSampleKernels.LocalArray).LocalBytes, Is.EqualTo(32), "an array indexed by a variable");
        Assert.That(KernelListing.Of(PtxSampleKernels.Vectors).LocalBytes, Is.Zero, "a struct in registers");
    }

    [Test]
    public void Recursion_names_its_line()
    {
        using var bench = new PtxBench();
        DeviceException error = Assert.Throws<DeviceException>(() => bench.Device.Launch(PtxFaultKernels.Recursion, 1, 1).With(bench.Buffer(3)).Run())!;
        Assert.That(error.Message, Does.Match(@"PtxFaultKernels\.RecursionKernel: PTX line \d+ calls Factorial_\d+, which calls itself; the interpreter does not know recursion\."));
    }

    [Test]
    public void An_unknown_opcode_names_its_line()
    {
        using var bench = new PtxBench();
        DeviceException error = Assert.Throws<DeviceException>(() =>
            bench.Device.Launch(PtxFaultKernels.UnknownOpcode, 1, 1).With(bench.Buffer(1u, 2u)).Run())!;
        Assert.That(error.Message, Does.Match(@"PtxFaultKernels\.UnknownOpcodeKernel: PTX line \d+ 'prmt\.b32 .*' has an opcode that the interpreter does not know"));
    }

    private static GpuKernel Kernel(string name) => (GpuKernel)typeof(PtxFaultKernels).GetField(name)!.GetValue(null)!;

    private static void Launch(PtxBench bench, GpuKernel kernel, int mended)
    {
        int threads = kernel.Name.Contains("Shuffle", StringComparison.Ordinal) || kernel.Name.Contains("Deadlock", StringComparison.Ordinal)
            || kernel.Name.Contains("InWarp", StringComparison.Ordinal) || kernel.Name.Contains("StrayShared", StringComparison.Ordinal) ? 32 : 64;
        Buffer<int> x = bench.Buffer(kernel == PtxFaultKernels.Stray ? 48 : threads, i => i);
        bench.Device.Launch(kernel, 1, threads).With(x).With(mended).Run();
    }
}
