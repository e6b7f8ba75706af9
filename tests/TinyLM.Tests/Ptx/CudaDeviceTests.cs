namespace TinyLM.Tests;

/// <summary>The kernels on a real GPU. Skipped without one, unless TINYLM_REQUIRE_CUDA=1 says that there must be one.</summary>
[NonParallelizable]
public class CudaDeviceTests
{
    private GpuDevice _gpu = null!;

    [OneTimeSetUp]
    public void Open()
    {
        if (!GpuDevice.TryOpenCuda(out GpuDevice? gpu, out string why))
        {
            if (Environment.GetEnvironmentVariable("TINYLM_REQUIRE_CUDA") == "1")
            {
                Assert.Fail($"TINYLM_REQUIRE_CUDA=1, but {why}.");
            }

            Assert.Ignore($"No GPU: {why}.");
        }

        _gpu = gpu!;
    }

    [OneTimeTearDown]
    public void Close() => _gpu?.Dispose();

    [Test]
    public void A_sum()
    {
        Tensor x = _gpu.Allocate(1, 100, "x");
        x.CopyFrom([.. Enumerable.Range(0, 100).Select(i => (float)i)]);
        Tensor sum = _gpu.Allocate(1, 100, "sum");
        _gpu.Launch(PtxSampleKernels.Add, 4, 32).With(x).With(x).With(sum).Run();
        Assert.That(sum.ToArray(), Is.EqualTo(Enumerable.Range(0, 100).Select(i => i * 2f)));
    }

    [Test]
    public void The_reduction_gives_the_interpreters_bits()
    {
        using Device interpreted = Device.Open("interpreted");
        var results = new List<float[]>();
        foreach (GpuDevice device in new[] { _gpu, (GpuDevice)interpreted })
        {
            var random = new Random(4);
            Tensor x = device.Allocate(4, 256, "x");
            x.CopyFrom([.. Enumerable.Range(0, 1024).Select(_ => random.NextSingle())]);
            Tensor sums = device.Allocate(1, 4, "sums");
            device.Launch(PtxSampleKernels.Reduce, 4, 256).With(x).With(sums).Run();
            results.Add(sums.ToArray());
        }

        Assert.That(results[0], Is.EqualTo(results[1]));
    }
}
