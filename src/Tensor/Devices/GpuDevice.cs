namespace TinyLM;

/// <summary>
/// GPU kernels: each kernel method becomes PTX on first use, and a PTX host runs it: the CUDA driver, or the interpreter
/// that checks every access. One thread at a time may launch.
/// </summary>
public sealed unsafe partial class GpuDevice : Device
{
    private readonly IPtxHost _host;
    private readonly PtxCompiler _compiler;
    private IPtxKernel?[] _kernels = new IPtxKernel?[64];
    private IPtxKernel? _launching;
    private LaunchShape _shape;

    /// <summary>A device on <paramref name="host"/>, which it then owns; tests pass a compiler of their own.</summary>
    internal GpuDevice(IPtxHost host, PtxCompiler? compiler = null)
    {
        _host = host;
        _compiler = compiler ?? PtxCompiler.Shared;
    }

    public override string Description => _host.Description;

    public override bool IsDry => _host is DryHost;

    /// <summary>What the kernels did, as the interpreter counted it; null on a real GPU.</summary>
    public PtxStatistics? Statistics => _host.Statistics;

    internal KernelArguments Arguments { get; } = new();

    /// <summary>Begins a launch of <paramref name="kernel"/> over gridX × gridY blocks of blockX × blockY threads.</summary>
    public KernelLaunch Launch(GpuKernel kernel, int gridX, int blockX, int gridY = 1, int blockY = 1)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        if (gridX < 1 || gridY is < 1 or > 65535 || blockX < 1 || blockY < 1 || (long)blockX * blockY > 1024)
        {
            throw new ArgumentException(
                $"{kernel.Name}: launched with grid {gridX}×{gridY}, block {blockX}×{blockY}; expected 1 or more blocks (65535 at most along y) of 1 to 1024 threads.");
        }

        _shape = new LaunchShape(gridX, gridY, blockX, blockY, 0);
        _launching = kernel.Id < _kernels.Length && _kernels[kernel.Id] is { } loaded ? loaded : Load(kernel);
        Arguments.Begin(_launching.Compiled);
        return new KernelLaunch(this);
    }

    public override Device CreateDry() => new GpuDevice(new DryHost(_host.Description), _compiler);

    public override void Synchronize() => _host.Synchronize();

    /// <summary>Opens the first NVIDIA GPU; false, with the reason, where there is none.</summary>
    internal static bool TryOpenCuda(out GpuDevice? device, out string why)
    {
        CudaHost? host = CudaHost.TryOpen(driverPath: null, out why);
        device = host is null ? null : new GpuDevice(host);
        return device is not null;
    }

    /// <summary>The device "interpreted", with kernels at another level of optimisation: to see what ILGPU makes of them.</summary>
    public static GpuDevice OpenInterpreted(PtxOptimization level = PtxOptimization.O2WithoutCodePlacement) => new(new PtxMachine(), PtxCompiler.At(level));

    internal void RunLaunch()
    {
        IPtxKernel kernel = _launching ?? throw new InvalidOperationException("Run: this launch has already run.");
        Arguments.CheckComplete();
        _launching = null;
        _host.Launch(kernel, _shape with { DynamicSharedBytes = Arguments.DynamicSharedBytes }, Arguments.Bytes, Arguments.Views);
    }

    internal override void CopyToDevice(void* source, nint destination, long bytes) => _host.CopyToDevice(source, destination, bytes);

    internal override void CopyToHost(nint source, void* destination, long bytes) => _host.CopyToHost(source, destination, bytes);

    private protected override nint AllocateMemory(long bytes) => _host.Allocate(bytes);

    private protected override void FreeMemory(nint block) => _host.Free(block);

    private protected override void Close() => _host.Dispose();

    private IPtxKernel Load(GpuKernel kernel)
    {
        if (kernel.Id >= _kernels.Length)
        {
            Array.Resize(ref _kernels, Math.Max(kernel.Id + 1, _kernels.Length * 2));
        }

        return _kernels[kernel.Id] = _host.Load(_compiler.Compile(kernel));
    }
}
