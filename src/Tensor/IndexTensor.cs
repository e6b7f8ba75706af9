namespace TinyLM;

/// <summary>A vector of int32 in a device's memory: token ids, targets, positions. Lives as a <see cref="Tensor"/> does.</summary>
public readonly unsafe struct IndexTensor
{
    private readonly Device? _device;
    private readonly nint _address;
    private readonly int _step;

    internal IndexTensor(Device device, nint address, int length, int step)
    {
        (_device, _address, Length, _step) = (device, address, length, step);
    }

    public int Length { get; }

    public bool IsNone => _device is null;

    public Device Device => _device ?? throw new InvalidOperationException("IndexTensor: no tensor was given (default).");

    /// <inheritdoc cref="Tensor.Address"/>
    public nint Address
    {
        get
        {
            Device.Arena.CheckStep(_step, "indices");
            return _address;
        }
    }

    /// <summary>The elements in host memory. CPU kernels only. Zero for none.</summary>
    internal int* Pointer => IsNone ? null : (int*)Address;

    public int[] ToArray()
    {
        var values = new int[Length];
        fixed (int* destination = values)
        {
            Device.CopyToHost(Address, destination, (long)Length * sizeof(int));
        }

        return values;
    }
}
