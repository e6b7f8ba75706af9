namespace TinyLM;

/// <summary>
/// Tensors that live longer than a step and shorter than their device: what a job needs while it runs. All of them are gone when the region is disposed.
/// </summary>
/// <param name="device">Where they live.</param>
public sealed class TensorRegion(Device device) : IDisposable
{
    private readonly List<(nint Address, long Bytes)> _blocks = [];

    /// <summary>A zeroed tensor.</summary>
    public Tensor Allocate(int rows, int columns, string? name = null)
    {
        Tensor tensor = device.AllocateOwned(rows, columns, name, out long bytes);
        _blocks.Add((tensor.Address, bytes));
        return tensor;
    }

    public void Dispose()
    {
        foreach (var (address, bytes) in _blocks)
        {
            device.FreeBlock(address, bytes);
        }

        _blocks.Clear();
    }
}
