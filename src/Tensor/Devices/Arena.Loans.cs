namespace TinyLM;

/// <content>Memory of others that is idle for a part of the step, and takes results before the arena's own does.</content>
public sealed partial class Arena
{
    private readonly List<(nint Start, nint End)> _loans = [];
    private readonly Dictionary<long, Stack<nint>> _recycledLoans = [];
    private nint _nextOnLoan;
    private bool _isBorrowing;

    /// <summary>
    /// Lets results (<see cref="Device.Result"/>) lie in a tensor's memory, until <see cref="EndBorrowing"/>; they are not counted in <see cref="PeakBytes"/>. Of tensors
    /// that lie one behind the other the rest of one and the next serve as one. Only for whoever knows that its results are dead when the tensor is written.
    /// </summary>
    public void Borrow(in Tensor tensor)
    {
        nint start = tensor.Address, end = start + (nint)(tensor.Length * sizeof(float) / Alignment * Alignment);
        if (_isBorrowing && _loans[^1].End == start)
        {
            _loans[^1] = (_loans[^1].Start, end);
            return;
        }

        _loans.Add((start, end));
        (_nextOnLoan, _isBorrowing) = (start, true);
    }

    /// <summary>Results lie in the arena's own memory again; those on loan stay until the owner writes over them.</summary>
    public void EndBorrowing()
    {
        Clear(_recycledLoans);
        _isBorrowing = false;
    }

    internal nint AllocateResult(long bytes)
    {
        bytes = Padded(bytes);
        if (_isBorrowing && Pop(_recycledLoans, bytes) is { } recycled)
        {
            return InScope(recycled, bytes);
        }

        if (!_isBorrowing || _nextOnLoan + (nint)bytes > _loans[^1].End)
        {
            return Allocate(bytes);
        }

        nint address = _nextOnLoan;
        _nextOnLoan += (nint)bytes;
        return InScope(address, bytes);
    }

    private bool IsOnLoan(nint address)
    {
        foreach (var (start, end) in _loans)
        {
            if (address >= start && address < end)
            {
                return true;
            }
        }

        return false;
    }
}
