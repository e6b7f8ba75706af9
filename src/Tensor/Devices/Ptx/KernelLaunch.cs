namespace TinyLM;

/// <summary>
/// One launch being put together: an argument for every parameter of the kernel method, in order, then <see cref="Run"/>.
/// A Tensor goes to an <c>ArrayView&lt;float&gt;</c>, a BFloat16Tensor to an <c>ArrayView&lt;ushort&gt;</c>, an IndexTensor to an
/// <c>ArrayView&lt;int&gt;</c> (none: an empty view), a number to its own type. The device holds the argument buffer, so a launch allocates nothing.
/// </summary>
public readonly ref struct KernelLaunch
{
    private readonly GpuDevice _device;

    internal KernelLaunch(GpuDevice device)
    {
        _device = device;
    }

    /// <summary>Asks for dynamic shared memory (<c>SharedMemory.GetDynamic</c>), in bytes a block.</summary>
    public KernelLaunch WithSharedMemory(int bytes)
    {
        _device.Arguments.DynamicSharedBytes = bytes;
        return this;
    }

    public KernelLaunch With(scoped in Tensor tensor)
    {
        if (tensor.IsNone)
        {
            _device.Arguments.AddView<float>(0, 0);
        }
        else
        {
            CheckDevice(tensor.Device);
            _device.Arguments.AddView<float>(tensor.Address, tensor.Length);
        }

        return this;
    }

    public KernelLaunch With(scoped in IndexTensor indices)
    {
        if (indices.IsNone)
        {
            _device.Arguments.AddView<int>(0, 0);
        }
        else
        {
            CheckDevice(indices.Device);
            _device.Arguments.AddView<int>(indices.Address, indices.Length);
        }

        return this;
    }

    public KernelLaunch With(scoped in BFloat16Tensor tensor)
    {
        if (tensor.IsNone)
        {
            _device.Arguments.AddView<ushort>(0, 0);
        }
        else
        {
            CheckDevice(tensor.Device);
            _device.Arguments.AddView<ushort>(tensor.Address, tensor.Length);
        }

        return this;
    }

    public KernelLaunch With(int value) => Value(value);

    public KernelLaunch With(uint value) => Value(value);

    public KernelLaunch With(long value) => Value(value);

    public KernelLaunch With(ulong value) => Value(value);

    public KernelLaunch With(float value) => Value(value);

    public KernelLaunch With(double value) => Value(value);

    /// <summary>A view of other elements (packed structs) in this device's memory.</summary>
    public KernelLaunch WithView<T>(nint address, long length)
        where T : unmanaged
    {
        _device.Arguments.AddView<T>(address, length);
        return this;
    }

    /// <summary>A struct of numbers, such as an op with its constants.</summary>
    public KernelLaunch WithStruct<T>(scoped in T value)
        where T : unmanaged => Value(value);

    /// <summary>Launches; returns before the kernel has ended on a real GPU.</summary>
    public void Run() => _device.RunLaunch();

    private KernelLaunch Value<T>(T value)
        where T : unmanaged
    {
        _device.Arguments.AddValue(value);
        return this;
    }

    private void CheckDevice(Device device)
    {
        if (!ReferenceEquals(device, _device))
        {
            _device.Arguments.ThrowWrongDevice(device);
        }
    }
}
