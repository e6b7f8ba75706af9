using System.Numerics.Tensors;

namespace TinyLM;

/// <summary>A vector of int32 in a device's memory: token ids, targets, positions. Lives as a <see cref="Tensor"/> does.</summary>
public readonly unsafe struct IndexTensor
{
    private readonly Device? _device;
    private readonly nint _address;
    private readonly int _step;

    internal IndexTensor(Device device, nint address, ReadOnlySpan<int> values, int step)
    {
        (_device, _address, Length, _step) = (device, address, values.Length, step);
        (Smallest, Largest) = values.IsEmpty ? (0, -1) : (TensorPrimitives.Min(values), TensorPrimitives.Max(values));
    }

    public int Length { get; }

    /// <summary>The smallest and the largest index: an op checks its range once, at the boundary, on any device.</summary>
    public int Smallest { get; }

    public int Largest { get; }

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
    public int* Pointer => IsNone ? null : (int*)Address;

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
