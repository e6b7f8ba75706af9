namespace TinyLM;

/// <summary>
/// Memory for the intermediate results of one step: handed out by moving a pointer, taken back all at once by
/// <see cref="EndStep"/>. After the first steps one block holds everything, so a steady step asks nothing of the driver.
/// Blocks of a size that was recycled within the step are handed out again first: they are still in the cache.
/// </summary>
public sealed class Arena
{
    /// <summary>Every allocation starts at, and is padded to, a multiple of this: whole vectors may run past an end.</summary>
    internal const int Alignment = 256;

    /// <summary>Step stamp of tensors that live as long as their device.</summary>
    internal const int Forever = -1;

    private const long SmallestBlock = 1 << 20;
    private readonly Device _device;
    private readonly List<(nint Address, long Bytes)> _blocks = [];
    private readonly Dictionary<long, Stack<nint>> _recycled = [];
    private long _usedInBlock;
    private long _usedInStep;

    internal Arena(Device device)
    {
        _device = device;
    }

    /// <summary>Number of the running step; a temporary tensor carries it.</summary>
    public int Step { get; private set; }

    /// <summary>The most that any step has used.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>Ends the step: all its tensors are gone, and using one throws.</summary>
    public void EndStep()
    {
        PeakBytes = Math.Max(PeakBytes, _usedInStep);
        Step++;
        if (_blocks.Count > 1)
        {
            long total = _blocks.Sum(block => block.Bytes);
            Free();
            AddBlock(total);
        }

        foreach (Stack<nint> sizes in _recycled.Values)
        {
            sizes.Clear();
        }

        (_usedInBlock, _usedInStep) = (0, 0);
    }

    internal static long Padded(long bytes) => (Math.Max(bytes, 1) + Alignment - 1) / Alignment * Alignment;

    internal nint Allocate(long bytes)
    {
        bytes = Padded(bytes);
        if (_recycled.TryGetValue(bytes, out Stack<nint>? free) && free.TryPop(out nint recycled))
        {
            return recycled;
        }

        if (_blocks.Count == 0 || _usedInBlock + bytes > _blocks[^1].Bytes)
        {
            AddBlock(Math.Max(bytes, Math.Max(SmallestBlock, _blocks.Sum(block => block.Bytes))));
        }

        nint address = _blocks[^1].Address + (nint)_usedInBlock;
        _usedInBlock += bytes;
        _usedInStep += bytes;
        return address;
    }

    /// <summary>Gives one allocation of this step back early: it is handed out again before fresh memory. Only for whoever knows that nobody will use it again.</summary>
    public void Recycle(in Tensor tensor)
    {
        long bytes = Padded(tensor.Length * sizeof(float));
        if (!_recycled.TryGetValue(bytes, out Stack<nint>? free))
        {
            _recycled[bytes] = free = new Stack<nint>();
        }

        free.Push(tensor.Address);
    }

    internal void CheckStep(int step, string? name)
    {
        if (step != Forever && step != Step)
        {
            throw new InvalidOperationException(
                $"Tensor '{name ?? "(unnamed)"}' belongs to step {step}, which has ended (now: step {Step}); ToArray() copies one out in time.");
        }
    }

    internal void Free()
    {
        foreach (var (address, bytes) in _blocks)
        {
            _device.FreeBlock(address, bytes);
        }

        _blocks.Clear();
        _usedInBlock = 0;
    }

    private void AddBlock(long bytes)
    {
        bytes = Padded(bytes);
        _blocks.Add((_device.AllocateBlock(bytes), bytes));
        _usedInBlock = 0;
    }
}
