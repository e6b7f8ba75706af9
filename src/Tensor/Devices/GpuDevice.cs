namespace TinyLM;

public sealed unsafe class GpuDevice : Device
{
    public override string Description => "";

    public override void Synchronize() => throw new NotSupportedException();

    internal static bool TryOpenCuda(out GpuDevice? device, out string why)
    {
        (device, why) = (null, "not built yet");
        return false;
    }

    internal static GpuDevice OpenInterpreted() => new();

    internal override void CopyToDevice(void* source, nint destination, long bytes) => throw new NotSupportedException();

    internal override void CopyToHost(nint source, void* destination, long bytes) => throw new NotSupportedException();

    private protected override nint AllocateMemory(long bytes) => throw new NotSupportedException();

    private protected override void FreeMemory(nint block) => throw new NotSupportedException();

    private protected override void Close()
    {
    }
}
