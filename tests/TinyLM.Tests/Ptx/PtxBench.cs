namespace TinyLM.Tests;

/// <summary>A small interpreted device for one test, with buffers of any element type.</summary>
internal sealed unsafe class PtxBench : IDisposable
{
    private readonly IPtxHost _host;

    public PtxBench(PtxCompiler? compiler = null, IPtxHost? host = null)
    {
        _host = host ?? new PtxMachine();
        Device = new GpuDevice(_host, compiler);
    }

    public GpuDevice Device { get; }

    public KernelStatistics Counts => Device.Statistics!.Kernels.Last();

    public Buffer<T> Buffer<T>(params T[] values)
        where T : unmanaged
    {
        var buffer = new Buffer<T>(Device, Device.AllocateBlock(Math.Max(1, values.Length) * sizeof(T)), values.Length);
        fixed (T* source = values)
        {
            Device.CopyToDevice(source, buffer.Address, values.Length * (long)sizeof(T));
        }

        return buffer;
    }

    public Buffer<T> Buffer<T>(int length, Func<int, T> value)
        where T : unmanaged => Buffer([.. Enumerable.Range(0, length).Select(value)]);

    public void Dispose() => Device.Dispose();
}

internal sealed unsafe record Buffer<T>(GpuDevice Device, nint Address, int Length)
    where T : unmanaged
{
    public T[] ToArray()
    {
        var values = new T[Length];
        fixed (T* destination = values)
        {
            Device.CopyToHost(Address, destination, Length * (long)sizeof(T));
        }

        return values;
    }
}

internal static class PtxBenchExtensions
{
    public static KernelLaunch With<T>(this KernelLaunch launch, Buffer<T> buffer)
        where T : unmanaged => launch.WithView<T>(buffer.Address, buffer.Length);
}
