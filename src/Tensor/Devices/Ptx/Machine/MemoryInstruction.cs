using System.Numerics;
using System.Runtime.CompilerServices;

namespace TinyLM;

internal enum AddressSpace
{
    /// <summary>Any space, told by the address.</summary>
    Generic,
    Global,
    Shared,
    Local,
}

internal enum MemoryAccess
{
    Read,
    Write,
    Update,
}

/// <summary>Turns the addresses of a warp into checked pointers, and counts what they cost.</summary>
internal abstract unsafe class MemoryInstruction(AddressSpace space, int address, long offset, int bytes, MemoryAccess access)
    : PtxInstruction
{
    /// <summary>
    /// Where generic addresses of shared and local memory begin. Their low 32 bits are not the plain address, as on a GPU, so
    /// a conversion that was left out shows.
    /// </summary>
    public const ulong SharedWindow = 0x7E00_0000_0100_0000;
    public const ulong LocalWindow = 0x7D00_0000_0100_0000;
    private const ulong WindowBytes = 1 << 24;

    /// <summary>The view that served last time will mostly serve again.</summary>
    private int _lastView;

    protected int Bytes => bytes;

    protected ulong AddressOf(PtxWarp warp, int lane) => warp.Registers[address + lane] + (ulong)offset;

    /// <summary>Fills <paramref name="pointers"/> for the running lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected void Resolve(PtxWarp warp, byte** pointers)
    {
        uint global = 0;
        uint shared = 0;
        for (uint rest = warp.Mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong target = AddressOf(warp, lane);
            if ((target & (ulong)(bytes - 1)) != 0)
            {
                throw warp.Block.Fault(warp, KernelFault.MisalignedAddress, lane,
                    $"{Verb} {bytes} bytes at {Describe(target)}", $"a multiple of {bytes}");
            }

            switch (SpaceOf(ref target))
            {
                case AddressSpace.Shared:
                    pointers[lane] = Shared(warp, lane, target);
                    shared |= 1u << lane;
                    break;
                case AddressSpace.Local:
                    pointers[lane] = Local(warp, lane, target);
                    break;
                default:
                    pointers[lane] = Global(warp, lane, target);
                    global |= 1u << lane;
                    break;
            }
        }

        Count(warp, pointers, global, shared);
    }

    private string Verb => access switch
    {
        MemoryAccess.Read => "reads",
        MemoryAccess.Write => "writes",
        _ => "updates",
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private AddressSpace SpaceOf(ref ulong target)
    {
        if (space != AddressSpace.Generic)
        {
            return space;
        }

        if (target - SharedWindow < WindowBytes)
        {
            target -= SharedWindow;
            return AddressSpace.Shared;
        }

        if (target - LocalWindow < WindowBytes)
        {
            target -= LocalWindow;
            return AddressSpace.Local;
        }

        return AddressSpace.Global;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private byte* Shared(PtxWarp warp, int lane, ulong target)
    {
        PtxSharedMemory shared = warp.Block.Shared;
        if (target + (ulong)bytes > (ulong)shared.Length || target > int.MaxValue)
        {
            throw warp.Block.Fault(warp, KernelFault.StrayAddress, lane,
                $"{Verb} {bytes} bytes at shared address {(long)target}",
                $"an address inside the block's {shared.Length} bytes of shared memory");
        }

        switch (access)
        {
            case MemoryAccess.Read:
                shared.CheckRead(warp, lane, (int)target, bytes);
                break;
            case MemoryAccess.Write:
                shared.CheckWrite(warp, lane, (int)target, bytes);
                break;
            default:
                shared.CheckAtomic(warp, lane, (int)target, bytes);
                break;
        }

        return shared.At((int)target);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private byte* Local(PtxWarp warp, int lane, ulong target)
    {
        int length = warp.Block.Program.LocalBytes;
        if (target + (ulong)bytes > (ulong)length || target > int.MaxValue)
        {
            throw warp.Block.Fault(warp, KernelFault.StrayAddress, lane,
                $"{Verb} {bytes} bytes at local address {(long)target}",
                $"an address inside the thread's {length} bytes of local memory");
        }

        warp.Block.Counts.LocalAccesses++;
        long place = ((long)lane * length) + (long)target;
        var written = new Span<bool>(warp.LocalWritten + place, bytes);
        if (access == MemoryAccess.Write)
        {
            written.Fill(true);
        }
        else if (written.Contains(false))
        {
            throw warp.Block.Fault(warp, KernelFault.UninitializedLocalMemory, lane,
                $"{Verb} {bytes} bytes at local address {(long)target}, which this thread has not written", "a write before that");
        }

        return warp.Local + place;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private byte* Global(PtxWarp warp, int lane, ulong target)
    {
        ReadOnlySpan<AddressRange> views = warp.Block.Views;
        int last = _lastView;
        if ((uint)last < (uint)views.Length && views[last].Contains(target, bytes))
        {
            return (byte*)target;
        }

        for (int view = 0; view < views.Length; view++)
        {
            if (views[view].Contains(target, bytes))
            {
                _lastView = view;
                return (byte*)target;
            }
        }

        throw warp.Block.Fault(warp, KernelFault.StrayAddress, lane,
            $"{Verb} {bytes} bytes at {Describe(target)}, {NearestView(warp.Block, (nint)target)}",
            "an address inside the views of this launch");
    }

    private string Describe(ulong target) => space is AddressSpace.Shared or AddressSpace.Local
        ? $"{(space == AddressSpace.Shared ? "shared" : "local")} address {(long)target}"
        : $"address 0x{target:X}";

    private static string NearestView(PtxBlock block, nint target)
    {
        int nearest = -1;
        ulong least = ulong.MaxValue;
        for (int view = 0; view < block.Views.Length; view++)
        {
            if (block.Views[view].Start != 0 && block.Views[view].Distance(target) < least)
            {
                (nearest, least) = (view, block.Views[view].Distance(target));
            }
        }

        if (nearest < 0)
        {
            return "but the launch has no views";
        }

        AddressRange range = block.Views[nearest];
        string name = block.Program.Compiled.Parameters.Where(parameter => parameter.Element is not null).ElementAt(nearest).Name;
        return target < range.Start
            ? $"{least} bytes before the nearest view, '{name}'"
            : $"at byte {target - range.Start} of the nearest view, '{name}', which has {range.Bytes}";
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Count(PtxWarp warp, byte** pointers, uint global, uint shared)
    {
        ref MemoryCounts counts = ref warp.Block.Counts;
        if (global != 0)
        {
            counts.GlobalRequests++;
            counts.GlobalSectors += MemoryCost.Sectors(pointers, global);
        }

        if (shared != 0)
        {
            counts.SharedRequests++;
            counts.BankConflicts += MemoryCost.BankConflicts(pointers, shared, warp.Block.Shared.At(0), bytes);
        }
    }
}
