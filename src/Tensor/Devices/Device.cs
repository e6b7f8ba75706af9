namespace TinyLM;

/// <summary>
/// Where tensors live and kernels run. Code above this assembly never asks which device it has: an op's file in
/// <c>Kernels</c> chooses between its CPU kernel and its ILGPU kernel.
/// </summary>
public abstract class Device : IDisposable
{
    private readonly List<nint> _blocks = [];
    private bool _disposed;

    protected Device()
    {
        Arena = new Arena(this);
    }

    /// <summary>The names that <see cref="Open"/> takes.</summary>
    public static IReadOnlyList<string> KnownNames { get; } = ["auto", "cpu", "interpreted", "cuda"];

    /// <summary>What it is, for people: kind, threads or card.</summary>
    public abstract string Description { get; }

    /// <summary>The memory of one step's intermediate results.</summary>
    public Arena Arena { get; }

    /// <summary>Bytes now held for tensors, the arena's blocks included.</summary>
    public long AllocatedBytes { get; private set; }

    /// <summary>The most that <see cref="AllocatedBytes"/> has been.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>Memory that it may use, in bytes; null where that is unknown.</summary>
    public virtual long? MemoryBytes => null;

    /// <summary>Whether it came from <see cref="CreateDry"/>: nothing that is written on it can be read again.</summary>
    public abstract bool IsDry { get; }

    /// <summary>
    /// A device of the same kind without memory: ops check their operands and allocate their results as they do here, but nothing is computed, and
    /// every value is read as 0. <see cref="AllocatedBytes"/> and <see cref="Arena.PeakBytes"/> then tell what a program needs before it has anything.
    /// </summary>
    public abstract Device CreateDry();

    /// <summary>Opens a device.</summary>
    /// <param name="name">
    /// "cpu": SIMD kernels on worker threads. "cuda": ILGPU kernels on the first NVIDIA GPU. "interpreted": the same GPU
    /// kernels, their PTX interpreted and checked on the CPU, slowly. "auto": "cuda" where a GPU is present, otherwise "cpu".
    /// </param>
    /// <param name="threadCount">CPU worker threads; 0 takes one a core, or as many as the container allows. Results do not depend on it.</param>
    /// <exception cref="DeviceException">The name is unknown, or there is no such device here.</exception>
    public static Device Open(string name = "auto", int threadCount = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threadCount);
        return name switch
        {
            "auto" => GpuDevice.TryOpenCuda(out GpuDevice? gpu, out _) ? gpu! : new CpuDevice(threadCount),
            "cpu" => new CpuDevice(threadCount),
            "interpreted" => GpuDevice.OpenInterpreted(),
            "cuda" => GpuDevice.TryOpenCuda(out GpuDevice? gpu, out string why)
                ? gpu!
                : throw new DeviceException($"device: 'cuda' is not available: {why}. Use 'cpu', or 'auto' to take a GPU only where there is one."),
            _ => throw new DeviceException($"device: '{name}' is unknown; known: {string.Join(", ", KnownNames)}."),
        };
    }

    /// <summary>A zeroed tensor that lives as long as the device: parameters, optimiser state, caches.</summary>
    public Tensor Allocate(int rows, int columns, string? name = null)
    {
        CheckShape(rows, columns, name);
        return new Tensor(this, AllocateForever((long)rows * columns * sizeof(float)), rows, columns, step: Arena.Forever, name);
    }

    /// <summary>As <see cref="Allocate"/>, of bfloat16: copies of weights.</summary>
    public BFloat16Tensor AllocateBFloat16(int rows, int columns, string? name = null)
    {
        CheckShape(rows, columns, name);
        return new BFloat16Tensor(this, AllocateForever((long)rows * columns * sizeof(ushort)), rows, columns, step: Arena.Forever, name);
    }

    /// <summary>A tensor with undefined contents in the arena, gone when the step ends.</summary>
    public Tensor Temporary(int rows, int columns, string? name = null)
    {
        CheckShape(rows, columns, name);
        nint address = Arena.Allocate((long)rows * columns * sizeof(float));
        return new Tensor(this, address, rows, columns, Arena.Step, name);
    }

    /// <summary>As <see cref="Temporary"/>, for what ops hand on: it may lie in memory that the arena has borrowed.</summary>
    public Tensor Result(int rows, int columns)
    {
        CheckShape(rows, columns, name: null);
        return new Tensor(this, Arena.AllocateResult((long)rows * columns * sizeof(float)), rows, columns, Arena.Step, name: null);
    }

    /// <summary>As <see cref="Temporary"/>, of bfloat16.</summary>
    public BFloat16Tensor TemporaryBFloat16(int rows, int columns, string? name = null)
    {
        CheckShape(rows, columns, name);
        nint address = Arena.Allocate((long)rows * columns * sizeof(ushort));
        return new BFloat16Tensor(this, address, rows, columns, Arena.Step, name);
    }

    /// <summary>Indices copied from the host into the arena, gone when the step ends.</summary>
    public unsafe IndexTensor TemporaryIndices(ReadOnlySpan<int> values)
    {
        nint address = Arena.Allocate(values.Length * (long)sizeof(int));
        fixed (int* source = values)
        {
            CopyToDevice(source, address, values.Length * (long)sizeof(int));
        }

        return new IndexTensor(this, address, values, Arena.Step);
    }

    /// <summary>Room for indices that a kernel writes, each in 0 … <paramref name="count"/> - 1; gone when the step ends.</summary>
    public IndexTensor TemporaryIndices(int length, int count) =>
        new(this, Arena.Allocate(length * (long)sizeof(int)), length, count, Arena.Step);

    /// <summary>Waits until every kernel launched so far has ended.</summary>
    public abstract void Synchronize();

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            Arena.Free();
            foreach (nint block in _blocks)
            {
                FreeMemory(block);
            }

            Close();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>A block of device memory, 256-byte aligned, zeroed. Counted in <see cref="AllocatedBytes"/>.</summary>
    internal nint AllocateBlock(long bytes)
    {
        nint block = AllocateMemory(bytes);
        AllocatedBytes += bytes;
        PeakBytes = Math.Max(PeakBytes, AllocatedBytes);
        return block;
    }

    /// <summary>A zeroed tensor in a block of its own, which its owner gives back by <see cref="FreeBlock"/>.</summary>
    internal Tensor AllocateOwned(int rows, int columns, string? name, out long bytes)
    {
        CheckShape(rows, columns, name);
        bytes = Arena.Padded((long)rows * columns * sizeof(float));
        return new Tensor(this, AllocateBlock(bytes), rows, columns, step: Arena.Forever, name);
    }

    internal void FreeBlock(nint block, long bytes)
    {
        FreeMemory(block);
        AllocatedBytes -= bytes;
    }

    /// <summary>The address of a tensor's memory for a CPU kernel.</summary>
    /// <exception cref="ArgumentException">The memory is another device's.</exception>
    internal nint HostAddress(nint address, string? name) => this is CpuDevice
        ? address
        : throw new ArgumentException(
            $"Tensor '{name ?? "(unnamed)"}' is on another device, {Description}, expected the CPU, as the op's other operands; ToArray() and CopyFrom() move values.");

    internal abstract unsafe void CopyToDevice(void* source, nint destination, long bytes);

    internal abstract unsafe void CopyToHost(nint source, void* destination, long bytes);

    private protected abstract nint AllocateMemory(long bytes);

    private protected abstract void FreeMemory(nint block);

    private protected abstract void Close();

    private nint AllocateForever(long bytes)
    {
        nint address = AllocateBlock(Arena.Padded(bytes));
        _blocks.Add(address);
        return address;
    }

    private static void CheckShape(int rows, int columns, string? name)
    {
        if (rows < 0 || columns < 0)
        {
            throw new ArgumentException($"Allocate: {name ?? "a tensor"} of shape [{rows}, {columns}]; neither may be negative.");
        }
    }
}
