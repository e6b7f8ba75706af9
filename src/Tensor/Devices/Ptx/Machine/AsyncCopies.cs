using System.Numerics;

namespace TinyLM;

/// <summary>The cp.async of a warp that have not been waited for; the copying is put off until then, as late as a GPU may.</summary>
internal sealed unsafe class AsyncCopies
{
    private readonly List<AsyncCopy> _pending = [];
    private readonly int[] _groups = new int[PtxLane.Count];

    public void Clear()
    {
        _pending.Clear();
        Array.Clear(_groups);
    }

    public void Add(int lane, int target, byte* source, int bytes, int sourceBytes) =>
        _pending.Add(new AsyncCopy(lane, _groups[lane], target, (nint)source, bytes, sourceBytes));

    /// <summary>Closes the open group of each lane.</summary>
    public void Commit(uint lanes)
    {
        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            _groups[BitOperations.TrailingZeroCount(rest)]++;
        }
    }

    /// <summary>Completes all but the latest <paramref name="pendingGroups"/> closed groups; -1 completes the open group too.</summary>
    public void Wait(PtxWarp warp, int pendingGroups)
    {
        PtxSharedMemory shared = warp.Block.Shared;
        int kept = 0;
        for (int index = 0; index < _pending.Count; index++)
        {
            AsyncCopy copy = _pending[index];
            if ((warp.Mask >> copy.Lane & 1) == 0 || copy.Group >= _groups[copy.Lane] - pendingGroups)
            {
                _pending[kept++] = copy;
                continue;
            }

            shared.EndCopy(warp, copy.Lane, copy.Target, copy.Bytes);
            byte* target = shared.At(copy.Target);
            Buffer.MemoryCopy((void*)copy.Source, target, copy.Bytes, copy.SourceBytes);
            new Span<byte>(target + copy.SourceBytes, copy.Bytes - copy.SourceBytes).Clear();
        }

        _pending.RemoveRange(kept, _pending.Count - kept);
    }

    private readonly record struct AsyncCopy(int Lane, int Group, int Target, nint Source, int Bytes, int SourceBytes);
}

/// <summary>cp.async: bytes from global to shared memory; those beyond the source size become zero.</summary>
internal sealed unsafe class AsyncCopyInstruction(int target, long targetOffset, int source, long sourceOffset, int bytes, int sourceBytes)
    : MemoryInstruction(AddressSpace.Global, source, sourceOffset, bytes, MemoryAccess.Read)
{
    /// <summary>For <c>sourceBytes</c>: the operand was left out.</summary>
    public const int All = -1;

    public override void Execute(PtxWarp warp)
    {
        // A lane whose source size is 0 reads nothing, so its address may be anything.
        uint all = warp.Mask;
        uint reading = 0;
        for (uint rest = all; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            reading |= SourceBytes(warp, lane) > 0 ? 1u << lane : 0;
        }

        byte** pointers = stackalloc byte*[PtxLane.Count];
        warp.Mask = reading;
        Resolve(warp, pointers);
        warp.Mask = all;
        for (uint rest = all; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong place = warp.Registers[target + lane] + (ulong)targetOffset;
            PtxSharedMemory shared = warp.Block.Shared;
            if (place % (ulong)Bytes != 0)
            {
                throw warp.Block.Fault(warp, KernelFault.MisalignedAddress, lane,
                    $"copies {Bytes} bytes to shared address {(long)place}", $"a multiple of {Bytes}");
            }

            if (place + (ulong)Bytes > (ulong)shared.Length || place > int.MaxValue)
            {
                throw warp.Block.Fault(warp, KernelFault.StrayAddress, lane,
                    $"copies {Bytes} bytes to shared address {(long)place}",
                    $"an address inside the block's {shared.Length} bytes of shared memory");
            }

            shared.BeginCopy(warp, lane, (int)place, Bytes);
            warp.Copies.Add(lane, (int)place, pointers[lane], Bytes, SourceBytes(warp, lane));
        }
    }

    private int SourceBytes(PtxWarp warp, int lane) =>
        sourceBytes == All ? Bytes : Math.Min(Bytes, (int)warp.Registers[sourceBytes + lane]);
}

/// <summary>cp.async.commit_group.</summary>
internal sealed class CommitCopiesInstruction : PtxInstruction
{
    public override void Execute(PtxWarp warp) => warp.Copies.Commit(warp.Mask);
}

/// <summary>cp.async.wait_group and wait_all (-1 pending groups).</summary>
internal sealed class WaitForCopiesInstruction(int pendingGroups) : PtxInstruction
{
    public override void Execute(PtxWarp warp) => warp.Copies.Wait(warp, pendingGroups);
}
