namespace TinyLM;

/// <summary>
/// A row-major bfloat16 matrix [<see cref="Rows"/>, <see cref="Columns"/>], two bytes an element: the upper half of a float32, so its range with
/// 8 bits of precision. Storage only: kernels widen it as they read and sum in float32. It lives as a <see cref="Tensor"/> does, and
/// <see cref="BFloat16"/> converts between the two.
/// </summary>
public readonly unsafe struct BFloat16Tensor
{
    private readonly Device? _device;
    private readonly nint _address;
    private readonly int _step;

    internal BFloat16Tensor(Device device, nint address, int rows, int columns, int step, string? name)
    {
        (_device, _address, Rows, Columns, _step, Name) = (device, address, rows, columns, step, name);
    }

    public int Rows { get; }

    public int Columns { get; }

    /// <inheritdoc cref="Tensor.Name"/>
    public string? Name { get; }

    public long Length => (long)Rows * Columns;

    /// <summary>True for <c>default</c>: an operand that was left out.</summary>
    public bool IsNone => _device is null;

    public Device Device => _device ?? throw new InvalidOperationException("BFloat16Tensor: no tensor was given (default).");

    /// <inheritdoc cref="Tensor.Address"/>
    public nint Address
    {
        get
        {
            Device.Arena.CheckStep(_step, Name);
            return _address;
        }
    }

    /// <summary>The elements' bits in host memory. CPU kernels only. Zero for none.</summary>
    public ushort* Pointer => IsNone ? null : (ushort*)Device.HostAddress(Address, Name);

    /// <summary>Copies the bits of <see cref="Length"/> elements from the host, row by row.</summary>
    public void CopyFrom(ReadOnlySpan<ushort> bits)
    {
        if (bits.Length != Length)
        {
            throw new ArgumentException($"Copy: {bits.Length} values, expected {Length}, those of {Describe()}.");
        }

        fixed (ushort* source = bits)
        {
            Device.CopyToDevice(source, Address, Length * sizeof(ushort));
        }
    }

    /// <summary>The elements' bits, row by row; waits for the work that makes them.</summary>
    public ushort[] ToArray()
    {
        var bits = new ushort[Length];
        fixed (ushort* destination = bits)
        {
            Device.CopyToHost(Address, destination, Length * sizeof(ushort));
        }

        return bits;
    }

    /// <summary>A matrix [rows, columns] that shares memory, from element <paramref name="start"/> on.</summary>
    public BFloat16Tensor Slice(long start, int rows, int columns, string? name = null) =>
        start >= 0 && rows >= 0 && columns >= 0 && start + (long)rows * columns <= Length
            ? new BFloat16Tensor(Device, _address + (nint)(start * sizeof(ushort)), rows, columns, _step, name ?? Name)
            : throw new ArgumentOutOfRangeException(nameof(start), $"Slice: [{rows}, {columns}] from element {start} on lies outside {Describe()}.");

    /// <inheritdoc cref="Tensor.Describe"/>
    public string Describe() => IsNone ? "none" : $"{Name ?? "a bfloat16 tensor"} [{Rows}, {Columns}]";

    public override string ToString() => Describe();
}
