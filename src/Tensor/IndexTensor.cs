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

    /// <summary>For a kernel to write: each of the indices will be below <paramref name="count"/>.</summary>
    internal IndexTensor(Device device, nint address, int length, int count, int step)
    {
        (_device, _address, Length, _step) = (device, address, length, step);
        (Smallest, Largest) = (0, count - 1);
    }

    private IndexTensor(in IndexTensor whole, int start, int count)
    {
        (_device, _address, Length, _step) = (whole._device, whole._address + (nint)start * sizeof(int), count, whole._step);
        (Smallest, Largest) = (whole.Smallest, whole.Largest);
    }

    public int Length { get; }

    /// <summary>Bounds of the indices, which an op checks once, at the boundary, on any device; of those from the host the very smallest and largest.</summary>
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
    public int* Pointer => IsNone ? null : (int*)Device.HostAddress(Address, "indices");

    /// <summary>Indices <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/> - 1, sharing memory and bounds.</summary>
    public IndexTensor Range(int start, int count) => start >= 0 && count >= 0 && start + (long)count <= Length
        ? new IndexTensor(this, start, count)
        : throw new ArgumentOutOfRangeException(nameof(start), $"Range: {start} to {start + (long)count - 1} lie outside 0 … {Length - 1}.");

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
