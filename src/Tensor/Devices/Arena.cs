namespace TinyLM;

/// <summary>
/// Memory for the intermediate results of one step: handed out by moving a pointer, taken back all at once by
/// <see cref="EndStep"/>. After the first steps one block holds everything, so a steady step asks nothing of the driver.
/// What was recycled within the step is handed out again first, to the next who asks for its size: it is still in the cache.
/// </summary>
public sealed partial class Arena
{
    /// <summary>Every allocation starts at, and is padded to, a multiple of this: whole vectors may run past an end.</summary>
    internal const int Alignment = 256;

    /// <summary>Step stamp of tensors that live as long as their device.</summary>
    internal const int Forever = -1;

    private const long SmallestBlock = 1 << 20;
    private readonly Device _device;
    private readonly List<(nint Address, long Bytes)> _blocks = [];
    private readonly Dictionary<long, Stack<nint>> _recycled = [];
    private readonly List<ScopedAllocation> _scoped = [];
    private int _openScopes;
    private long _usedInBlock;
    private long _usedInStep;
    private long _mostInStep;

    internal Arena(Device device)
    {
        _device = device;
    }

    /// <summary>Number of the running step; a temporary tensor carries it.</summary>
    public int Step { get; private set; }

    /// <summary>The most that any step has held at once.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>The most that the step that ended last has held at once.</summary>
    public long LastStepBytes { get; private set; }

    /// <summary>
    /// Takes one block of at least so many bytes, so that steps known to need them do not grow the arena, which holds old and new blocks for a while.
    /// Between steps only.
    /// </summary>
    public void Reserve(long bytes)
    {
        if (_usedInStep > 0)
        {
            throw new InvalidOperationException("Arena: memory is reserved between steps, not within one.");
        }

        if (_blocks.Sum(block => block.Bytes) < bytes)
        {
            Free();
            AddBlock(Math.Max(bytes, SmallestBlock));
        }
    }

    /// <summary>Ends the step: all its tensors are gone, and using one throws.</summary>
    public void EndStep()
    {
        LastStepBytes = _mostInStep;
        PeakBytes = Math.Max(PeakBytes, LastStepBytes);
        Step++;
        if (_blocks.Count > 1)
        {
            long total = _blocks.Sum(block => block.Bytes);
            Free();
            AddBlock(total);
        }

        Clear(_recycled);
        _scoped.Clear();
        EndBorrowing();
        _loans.Clear();
        (_usedInBlock, _usedInStep, _mostInStep, _openScopes) = (0, 0, 0, 0);
    }

    /// <summary>
    /// Begins a scope within the step: <see cref="EndScope"/> gives back all that was allocated in it, but for what <see cref="KeepBeyondScope"/>
    /// exempts. Scopes may be nested.
    /// </summary>
    /// <returns>The scope, for its end.</returns>
    public int BeginScope()
    {
        _openScopes++;
        return _scoped.Count;
    }

    /// <summary>Exempts an allocation of the innermost scope, or one that a tensor is a part of; that of an outer one or from before is safe anyway.</summary>
    public void KeepBeyondScope(int scope, in Tensor tensor)
    {
        nint address = tensor.Address;
        for (int i = _scoped.Count - 1; i >= scope; i--)
        {
            ScopedAllocation allocation = _scoped[i];
            if (address >= allocation.Address && address < allocation.Address + (nint)allocation.Bytes)
            {
                _scoped[i] = allocation with { IsKept = true };
                return;
            }
        }
    }

    /// <summary>Ends the innermost scope: its allocations are handed out again; those that it keeps belong to the scope around it, or to the step.</summary>
    public void EndScope(int scope)
    {
        int count = scope;
        for (int i = scope; i < _scoped.Count; i++)
        {
            ScopedAllocation allocation = _scoped[i];
            if (allocation.IsKept)
            {
                _scoped[count++] = allocation with { IsKept = false };
            }
            else if (allocation.Address != 0)
            {
                Push(allocation.Address, allocation.Bytes);
            }
        }

        _openScopes--;
        _scoped.RemoveRange(_openScopes == 0 ? 0 : count, _scoped.Count - (_openScopes == 0 ? 0 : count));
    }

    internal static long Padded(long bytes) => (Math.Max(bytes, 1) + Alignment - 1) / Alignment * Alignment;

    internal nint Allocate(long bytes)
    {
        bytes = Padded(bytes);
        return InScope(Pop(_recycled, bytes) is { } recycled ? recycled : AllocateFresh(bytes), bytes);
    }

    /// <summary>Gives one allocation of this step back early: it is handed out again before fresh memory. Only for whoever knows that nobody will use it again.</summary>
    public void Recycle(in Tensor tensor)
    {
        nint address = tensor.Address;
        KeepForStep(address);
        Push(address, Padded(tensor.Length * sizeof(float)));
    }

    /// <summary>Takes an allocation out of the open scopes: it lives to the end of the step, or until it is recycled.</summary>
    internal void KeepForStep(nint address)
    {
        for (int i = _scoped.Count - 1; i >= 0; i--)
        {
            if (_scoped[i].Address == address)
            {
                // The place stays: scopes are known by theirs.
                _scoped[i] = default;
                return;
            }
        }
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

    /// <summary>What lies last goes back to the rest of the block, for any size; all else waits for an allocation of its own size.</summary>
    private void Push(nint address, long bytes)
    {
        if (IsOnLoan(address))
        {
            Push(_recycledLoans, address, bytes);
            return;
        }

        nint block = _blocks[^1].Address;
        if (address >= block && address + (nint)bytes == block + (nint)_usedInBlock)
        {
            _usedInBlock -= bytes;
            _usedInStep -= bytes;
            return;
        }

        Push(_recycled, address, bytes);
    }

    private static void Push(Dictionary<long, Stack<nint>> recycled, nint address, long bytes)
    {
        if (!recycled.TryGetValue(bytes, out Stack<nint>? free))
        {
            recycled[bytes] = free = new Stack<nint>();
        }

        free.Push(address);
    }

    private static void Clear(Dictionary<long, Stack<nint>> recycled)
    {
        foreach (Stack<nint> sizes in recycled.Values)
        {
            sizes.Clear();
        }
    }

    private static nint? Pop(Dictionary<long, Stack<nint>> recycled, long bytes) =>
        recycled.TryGetValue(bytes, out Stack<nint>? free) && free.TryPop(out nint address) ? address : null;

    private nint InScope(nint address, long bytes)
    {
        if (_openScopes > 0)
        {
            _scoped.Add(new ScopedAllocation(address, bytes, IsKept: false));
        }

        return address;
    }

    private nint AllocateFresh(long bytes)
    {
        if (_blocks.Count == 0 || _usedInBlock + bytes > _blocks[^1].Bytes)
        {
            AddBlock(Math.Max(bytes, Math.Max(SmallestBlock, _blocks.Sum(block => block.Bytes))));
        }

        nint address = _blocks[^1].Address + (nint)_usedInBlock;
        _usedInBlock += bytes;
        _usedInStep += bytes;
        _mostInStep = Math.Max(_mostInStep, _usedInStep);
        return address;
    }

    private void AddBlock(long bytes)
    {
        bytes = Padded(bytes);
        _blocks.Add((_device.AllocateBlock(bytes), bytes));
        _usedInBlock = 0;
    }

    /// <param name="Address">0: it has been given back, or lives for the step.</param>
    /// <param name="Bytes">Padded.</param>
    /// <param name="IsKept">Whether it outlives the innermost scope.</param>
    private readonly record struct ScopedAllocation(nint Address, long Bytes, bool IsKept);
}
