using System.Numerics;
using System.Runtime.CompilerServices;

namespace TinyLM;

/// <summary>ld, of one to four values a lane. <c>registerMask</c> cuts a sign extension to the register's width.</summary>
internal sealed unsafe class LoadInstruction<T>(AddressSpace space, int address, long offset, int[] destinations, ulong registerMask)
    : MemoryInstruction(space, address, offset, sizeof(T) * destinations.Length, MemoryAccess.Read)
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(PtxWarp warp)
    {
        byte** pointers = stackalloc byte*[PtxLane.Count];
        Resolve(warp, pointers);
        ulong* registers = warp.Registers;
        for (int part = 0; part < destinations.Length; part++)
        {
            ulong* result = registers + destinations[part];
            for (uint rest = warp.Mask; rest != 0; rest &= rest - 1)
            {
                int lane = BitOperations.TrailingZeroCount(rest);
                T value = ((T*)pointers[lane])[part];
                result[lane] = PtxLane.Extend(value) & registerMask;
            }
        }
    }
}

/// <summary>st, of one to four values a lane.</summary>
internal sealed unsafe class StoreInstruction<T>(AddressSpace space, int address, long offset, int[] sources)
    : MemoryInstruction(space, address, offset, sizeof(T) * sources.Length, MemoryAccess.Write)
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(PtxWarp warp)
    {
        byte** pointers = stackalloc byte*[PtxLane.Count];
        Resolve(warp, pointers);
        ulong* registers = warp.Registers;
        for (int part = 0; part < sources.Length; part++)
        {
            ulong* values = registers + sources[part];
            for (uint rest = warp.Mask; rest != 0; rest &= rest - 1)
            {
                int lane = BitOperations.TrailingZeroCount(rest);
                ((T*)pointers[lane])[part] = PtxLane.Get<T>(values[lane]);
            }
        }
    }
}

/// <summary>ld.param: the same value for every lane.</summary>
internal sealed unsafe class LoadParameterInstruction(int destination, int offset, int bytes) : PtxInstruction
{
    public override void Execute(PtxWarp warp)
    {
        ulong value = 0;
        warp.Block.Arguments.Slice(offset, bytes).CopyTo(new Span<byte>(&value, bytes));
        ulong* result = warp.Registers + destination;
        for (uint rest = warp.Mask; rest != 0; rest &= rest - 1)
        {
            result[BitOperations.TrailingZeroCount(rest)] = value;
        }
    }
}

/// <summary>atom and red: lanes in ascending order. <c>destination</c> is negative for red.</summary>
internal sealed unsafe class AtomicInstruction<T, TOperation>(AddressSpace space, int destination, int address, long offset, int a, int b)
    : MemoryInstruction(space, address, offset, sizeof(T), MemoryAccess.Update)
    where T : unmanaged
    where TOperation : struct, IPtxTernary
{
    public override void Execute(PtxWarp warp)
    {
        byte** pointers = stackalloc byte*[PtxLane.Count];
        Resolve(warp, pointers);
        for (uint rest = warp.Mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong old = PtxLane.Put(*(T*)pointers[lane]);
            *(T*)pointers[lane] = PtxLane.Get<T>(TOperation.Apply(old, warp.Registers[a + lane], warp.Registers[b + lane]));
            if (destination >= 0)
            {
                warp.Registers[destination + lane] = old;
            }
        }
    }
}
