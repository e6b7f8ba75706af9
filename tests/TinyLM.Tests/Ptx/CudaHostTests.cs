namespace TinyLM.Tests;

/// <summary>The CUDA host against a stand-in for NVIDIA's driver: what it calls, and what it makes of failures.</summary>
[NonParallelizable]
public class CudaHostTests
{
    private CudaStub _stub = null!;

    [OneTimeSetUp]
    public void BuildStub()
    {
        CudaStub? stub = CudaStub.Build(out string why);
        if (stub is null)
        {
            Assert.Ignore(why);
        }

        _stub = stub!;
    }

    [SetUp]
    public void Reset() => _stub.Reset();

    [Test]
    public void Calls_of_a_life()
    {
        using (GpuDevice gpu = Open())
        {
            Assert.That(gpu.Description, Is.EqualTo("Stub H100, compute capability 9.0, 80 GiB"));
            Tensor x = gpu.Allocate(2, 32, "x");
            x.CopyFrom([.. Enumerable.Range(0, 64).Select(i => (float)i)]);
            gpu.Launch(PtxSampleKernels.Scalars, 3, 32, 2, 4).With(x).With(default(IndexTensor)).With(7).With(0.5f).With(-2L).With(0.25).Run();
            gpu.Launch(PtxSampleKernels.Scalars, 3, 32).With(x).With(default(IndexTensor)).With(7).With(0.5f).With(-2L).With(0.25).Run();
            Assert.That(x.ToArray()[63], Is.EqualTo(63), "memory is there, though kernels do not run");

            byte[] arguments = _stub.Arguments;
            Assert.That(BitConverter.ToInt64(arguments, 0), Is.EqualTo((long)x.Address));
            Assert.That(BitConverter.ToInt64(arguments, 8), Is.EqualTo(64));
            Assert.That(arguments[16..32], Is.All.Zero, "no tensor: an empty view");
            Assert.That(BitConverter.ToInt32(arguments, 32), Is.EqualTo(7));
            Assert.That(BitConverter.ToSingle(arguments, 36), Is.EqualTo(0.5f));
            Assert.That(BitConverter.ToInt64(arguments, 40), Is.EqualTo(-2));
            Assert.That(BitConverter.ToDouble(arguments, 48), Is.EqualTo(0.25));
            Assert.That(arguments, Has.Length.EqualTo(56));
        }

        Assert.That(_stub.Log, Does.Match(
            @"^cuInit\ncuDevicePrimaryCtxRetain\ncuStreamCreate\ncuMemAlloc 256\ncuMemsetD8Async 256 stream 0x77\n" +
            @"cuMemcpyHtoDAsync 256 stream 0x77\ncuModuleLoadDataEx with an entry\ncuModuleGetFunction \w+\n" +
            @"cuLaunchKernel grid 3 2 1 block 32 4 1 shared 0 stream 0x77 ends 1\ncuLaunchKernel grid 3 1 1 block 32 1 1 shared 0 stream 0x77 ends 1\n" +
            @"cuMemcpyDtoHAsync 256 stream 0x77\ncuStreamSynchronize\ncuMemFree\ncuModuleUnload\ncuStreamDestroy\ncuDevicePrimaryCtxRelease\n$"));
    }

    [Test]
    public void Much_shared_memory_is_asked_for_once()
    {
        using GpuDevice gpu = Open();
        Tensor x = gpu.Allocate(1, 32);
        for (int launch = 0; launch < 2; launch++)
        {
            gpu.Launch(PtxSampleKernels.Dynamic, 1, 32).With(gpu.TemporaryIndices(new int[32])).WithSharedMemory(100_000).Run();
        }

        Assert.That(_stub.Log.Split("cuFuncSetAttribute 8 100000"), Has.Length.EqualTo(2));
        Assert.That(_stub.Log, Does.Contain("shared 100000"));
    }

    [Test]
    public void A_launch_allocates_nothing()
    {
        using GpuDevice gpu = Open();
        Tensor x = gpu.Allocate(1, 32);
        gpu.Launch(PtxSampleKernels.Add, 1, 32).With(x).With(x).With(x).Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        gpu.Launch(PtxSampleKernels.Add, 1, 32).With(x).With(x).With(x).Run();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void Out_of_memory_says_how_many_bytes()
    {
        using GpuDevice gpu = Open();
        _stub.Fail("cuMemAlloc", 2);
        Assert.That(Message(() => gpu.Allocate(1_000_000, 100_000)),
            Is.EqualTo("CUDA: out of memory on Stub H100, compute capability 9.0, 80 GiB: 400,000,000,000 bytes more were asked for."));
    }

    [Test]
    public void The_assemblers_words_come_through()
    {
        using GpuDevice gpu = Open();
        _stub.Fail("cuModuleLoadDataEx", 218);
        Assert.That(Message(() => gpu.Launch(PtxSampleKernels.Reduce, 1, 32)), Is.EqualTo(
            "CUDA: cuModuleLoadDataEx failed for the kernel PtxSampleKernels.ReduceKernel: a PTX JIT compilation failed (error 218): ptxas fatal : line 7; syntax error"));
    }

    [Test]
    public void A_failed_launch_names_its_kernel()
    {
        using GpuDevice gpu = Open();
        Tensor x = gpu.Allocate(1, 32);
        _stub.Fail("cuLaunchKernel", 1);
        Assert.That(Message(() => gpu.Launch(PtxSampleKernels.Add, 1, 32).With(x).With(x).With(x).Run()), Is.EqualTo(
            "CUDA: cuLaunchKernel failed for the kernel PtxSampleKernels.AddKernel, grid 1×1, block 32×1: some error (error 1)."));
    }

    [Test]
    public void A_fault_in_a_kernel_surfaces_later_with_the_last_kernel()
    {
        using GpuDevice gpu = Open();
        Tensor x = gpu.Allocate(1, 32);
        gpu.Launch(PtxSampleKernels.Add, 1, 32).With(x).With(x).With(x).Run();
        _stub.Fail("cuStreamSynchronize", 700);
        Assert.That(Message(() => x.ToArray()), Does.Match(
            @"^CUDA: cuStreamSynchronize failed \(the last kernel launched was PtxSampleKernels\.AddKernel; .*\): an illegal memory access was encountered \(error 700\)\.$"));
    }

    [TestCase(13000, 0, 9, "the NVIDIA driver has found no GPU")]
    [TestCase(11040, 1, 9, "the NVIDIA driver is for CUDA 11.4, 12.0 or later is needed")]
    [TestCase(13000, 1, 7, "Stub H100 has compute capability 7.0, 8.0 or later is needed")]
    public void A_machine_that_will_not_do(int driverVersion, int deviceCount, int computeCapability, string reason)
    {
        _stub.Machine(driverVersion, deviceCount, computeCapability);
        Assert.That(CudaHost.TryOpen(_stub.Path, out string why), Is.Null);
        Assert.That(why, Is.EqualTo(reason));
    }

    [Test]
    public void Copies_go_over_the_hosts_own_stream_and_empty_ones_nowhere()
    {
        using GpuDevice gpu = Open();
        Tensor x = gpu.Allocate(3, 5, "x");
        float[] values = [.. Enumerable.Range(0, 15).Select(i => i * 0.25f)];
        x.CopyFrom(values);
        Assert.That(x.ToArray(), Is.EqualTo(values));
        using (Tape tape = gpu.BeginTape())
        {
            IndexTensor indices = gpu.TemporaryIndices([4, 5, 6]);
            Assert.That(indices.Length, Is.EqualTo(3));
        }

        string before = _stub.Log;
        gpu.Allocate(0, 5, "empty").CopyFrom([]);
        Assert.That(_stub.Log[before.Length..], Does.Not.Contain("cuMemcpy"));
        Assert.That(before, Does.Contain("cuMemcpyHtoDAsync 60 stream 0x77").And.Contain("cuMemcpyDtoHAsync 60 stream 0x77"));
        Assert.That(before, Does.Contain("cuMemcpyHtoDAsync 12 stream 0x77"));
        Assert.That(before, Does.Not.Contain("another stream").And.Not.Contain("(nil)"));
    }

    [Test]
    public void Every_block_of_memory_and_every_module_is_given_back()
    {
        using (GpuDevice gpu = Open())
        {
            for (int step = 0; step < 3; step++)
            {
                using Tape tape = gpu.BeginTape();
                Tensor x = tape.Allocate(1000 * (step + 1), 1000);
                gpu.Launch(PtxSampleKernels.Add, 1, 32).With(x).With(x).With(x).Run();
                gpu.Launch(PtxSampleKernels.Reduce, 1, 32).With(x).With(x).Run();
            }
        }

        Assert.That(Count("cuMemAlloc"), Is.EqualTo(Count("cuMemFree")).And.GreaterThan(1));
        Assert.That(Count("cuModuleLoadDataEx"), Is.EqualTo(2), "a kernel is loaded once");
        Assert.That(Count("cuModuleUnload"), Is.EqualTo(2));
        Assert.That(Count("cuLaunchKernel"), Is.EqualTo(6));
    }

    [Test]
    public void A_failed_copy_says_how_many_bytes()
    {
        using GpuDevice gpu = Open();
        Tensor x = gpu.Allocate(1, 32);
        _stub.Fail("cuMemcpyHtoDAsync", 1);
        Assert.That(Message(() => x.CopyFrom(new float[32])), Is.EqualTo("CUDA: cuMemcpyHtoDAsync failed of 128 bytes: some error (error 1)."));
    }

    [Test]
    public void More_shared_memory_than_the_card_has()
    {
        using GpuDevice gpu = Open();
        IndexTensor y = gpu.TemporaryIndices(new int[32]);
        _stub.Fail("cuFuncSetAttribute", 1);
        Assert.That(Message(() => gpu.Launch(PtxSampleKernels.Dynamic, 1, 32).With(y).WithSharedMemory(300_000).Run()), Is.EqualTo(
            "CUDA: cuFuncSetAttribute failed for 300,000 bytes of shared memory of the kernel PtxSampleKernels.DynamicKernel: some error (error 1)."));
    }

    /// <summary>After a fault in a kernel no call works; closing the device must not hide the first message behind another.</summary>
    [Test]
    public void A_device_that_has_died_can_be_closed()
    {
        GpuDevice gpu = Open();
        Tensor x = gpu.Allocate(1, 32);
        _stub.Fail("every call", 700);
        Assert.That(Message(gpu.Synchronize), Does.Contain("an illegal memory access was encountered (error 700)"));
        Assert.DoesNotThrow(gpu.Dispose);
    }

    [Test]
    public void A_card_that_another_process_holds_alone()
    {
        _stub.Fail("cuDevicePrimaryCtxRetain", 101);
        Assert.That(Message(() => CudaHost.TryOpen(_stub.Path, out _)), Is.EqualTo(
            "CUDA: cuDevicePrimaryCtxRetain failed on Stub H100, compute capability 9.0, 80 GiB: some error (error 101)."));
    }

    [Test]
    public void A_driver_that_lacks_a_function()
    {
        string library = CudaStub.Compile("int cuInit(unsigned flags) { return (int)flags; }", out _)!;
        Assert.That(CudaHost.TryOpen(library, out string why), Is.Null);
        Assert.That(why, Does.StartWith("the NVIDIA driver is too old (").And.Contain("cuDriverGetVersion"));
    }

    [Test]
    public void No_device()
    {
        _stub.Fail("cuInit", 100);
        Assert.That(CudaHost.TryOpen(_stub.Path, out string why), Is.Null);
        Assert.That(why, Is.EqualTo("the NVIDIA driver has no usable GPU: no CUDA-capable device is detected (error 100)"));
    }

    [Test]
    public void No_driver()
    {
        Assert.That(CudaHost.TryOpen("/nowhere/libcuda.so.1", out string why), Is.Null);
        Assert.That(why, Is.EqualTo("there is no NVIDIA driver (/nowhere/libcuda.so.1 was not found)"));
    }

    private GpuDevice Open() => new(CudaHost.TryOpen(_stub.Path, out _)!);

    private int Count(string call) => _stub.Log.Split('\n').Count(line => line.Split(' ')[0] == call);

    private static string Message(Action action) => Assert.Throws<DeviceException>(action)!.Message;
}
