namespace TinyLM;

/// <summary>
/// A row-major float32 matrix [<see cref="Rows"/>, <see cref="Columns"/>] in a device's memory: an address, not an owner.
/// A temporary one lives in the device's <see cref="Arena"/> and is gone when its step ends; nobody ever disposes a tensor.
/// <c>default</c> stands for "none" where an operand is optional.
/// </summary>
public readonly unsafe struct Tensor
{
    private readonly Device? _device;
    private readonly nint _address;
    private readonly int _step;

    internal Tensor(Device device, nint address, int rows, int columns, int step, string? name)
    {
        (_device, _address, Rows, Columns, _step, Name) = (device, address, rows, columns, step, name);
    }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>What the tensor holds, for messages; may be null.</summary>
    public string? Name { get; }

    public long Length => (long)Rows * Columns;

    /// <summary>True for <c>default</c>: an operand that was left out.</summary>
    public bool IsNone => _device is null;

    public Device Device => _device ?? throw new InvalidOperationException("Tensor: no tensor was given (default).");

    /// <summary>Address in the device's memory: host memory on the CPU and the interpreted device, a CUdeviceptr on CUDA.</summary>
    /// <exception cref="InvalidOperationException">The step that the tensor belongs to has ended.</exception>
    public nint Address
    {
        get
        {
            Device.Arena.CheckStep(_step, Name);
            return _address;
        }
    }

    /// <summary>The elements in host memory. CPU kernels only. Zero for none.</summary>
    public float* Pointer => IsNone ? null : (float*)Device.HostAddress(Address, Name);

    /// <summary>The same elements as [rows, columns]; the length must stay.</summary>
    public Tensor Reshape(int rows, int columns) => (long)rows * columns == Length
        ? new Tensor(Device, _address, rows, columns, _step, Name)
        : throw new ArgumentException($"Reshape: [{rows}, {columns}] has {(long)rows * columns} elements, expected {Length}, those of {Describe()}.");

    /// <summary>Rows <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/> - 1, sharing memory.</summary>
    public Tensor RowRange(int start, int count) => start >= 0 && count >= 0 && start + (long)count <= Rows
        ? new Tensor(Device, _address + (nint)((long)start * Columns * sizeof(float)), count, Columns, _step, Name)
        : throw new ArgumentOutOfRangeException(nameof(start), $"RowRange: rows {start} to {start + (long)count} lie outside {Describe()}.");

    /// <summary>The same tensor under a name, which messages then use.</summary>
    public Tensor Named(string name) => new(Device, _address, Rows, Columns, _step, name);

    /// <summary>Copies <see cref="Length"/> values from the host, row by row.</summary>
    public void CopyFrom(ReadOnlySpan<float> values)
    {
        CheckLength(values.Length);
        fixed (float* source = values)
        {
            Device.CopyToDevice(source, Address, Length * sizeof(float));
        }
    }

    /// <summary>Copies <see cref="Length"/> values to the host, row by row; waits for the work that makes them.</summary>
    public void CopyTo(Span<float> values)
    {
        CheckLength(values.Length);
        fixed (float* destination = values)
        {
            Device.CopyToHost(Address, destination, Length * sizeof(float));
        }
    }

    public float[] ToArray()
    {
        var values = new float[Length];
        CopyTo(values);
        return values;
    }

    /// <summary>The only element of a [1, 1] tensor.</summary>
    public float ToScalar()
    {
        float value;
        return Length == 1
            ? Read(&value)
            : throw new InvalidOperationException($"ToScalar: {Describe()} has {Length} elements, expected 1.");
    }

    /// <summary>Name and shape, as messages show them.</summary>
    public string Describe() => IsNone ? "none" : $"{Name ?? "a tensor"} [{Rows}, {Columns}]";

    public override string ToString() => Describe();

    private float Read(float* value)
    {
        Device.CopyToHost(Address, value, sizeof(float));
        return *value;
    }

    private void CheckLength(int length)
    {
        if (length != Length)
        {
            throw new ArgumentException($"Copy: {length} values, expected {Length}, those of {Describe()}.");
        }
    }
}
