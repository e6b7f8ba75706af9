using System.Runtime.InteropServices;

namespace TinyLM;

// A warp's registers and local memory, and what the hardware would put there.
internal sealed unsafe partial class PtxWarp
{
    /// <summary>Sizes the memory for a launch and fills in what stays the same for all its blocks.</summary>
    public void Prepare(PtxProgram program, in LaunchShape shape)
    {
        int threads = Math.Min(shape.ThreadsPerBlock - (Index * PtxLane.Count), PtxLane.Count);
        Existing = threads == PtxLane.Count ? uint.MaxValue : (1u << threads) - 1;
        if (program.RowCount * PtxLane.Count > _registerCapacity)
        {
            NativeMemory.AlignedFree(Registers);
            _registerCapacity = program.RowCount * PtxLane.Count;
            Registers = (ulong*)NativeMemory.AlignedAlloc((nuint)_registerCapacity * sizeof(ulong), 64);
        }

        if (program.LocalBytes * PtxLane.Count > _localCapacity)
        {
            NativeMemory.AlignedFree(Local);
            NativeMemory.AlignedFree(LocalWritten);
            _localCapacity = program.LocalBytes * PtxLane.Count;
            Local = (byte*)NativeMemory.AlignedAlloc((nuint)_localCapacity, 64);
            LocalWritten = (bool*)NativeMemory.AlignedAlloc((nuint)_localCapacity, 64);
        }

        if (Predicates.Length < program.PredicateCount)
        {
            Predicates = new uint[program.PredicateCount];
        }

        // What a kernel reads before it writes is poison, the same each time.
        new Span<ulong>(Registers, program.RowCount * PtxLane.Count).Fill(PtxLane.Poison);
        Predicates.AsSpan().Clear();
        foreach (var (offset, value) in program.Literals)
        {
            new Span<ulong>(Registers + offset, PtxLane.Count).Fill(value);
        }

        foreach (var (offset, register) in program.SpecialRegisters)
        {
            for (int lane = 0; lane < PtxLane.Count; lane++)
            {
                Registers[offset + lane] = Special(register, lane, shape);
            }
        }
    }

    public void BeginBlock(PtxProgram program)
    {
        foreach (var (offset, register) in program.SpecialRegisters)
        {
            if (register is SpecialRegister.BlockX or SpecialRegister.BlockY)
            {
                new Span<ulong>(Registers + offset, PtxLane.Count).Fill((ulong)(register == SpecialRegister.BlockX ? Block.X : Block.Y));
            }
        }

        if (program.LocalBytes > 0)
        {
            new Span<byte>(LocalWritten, program.LocalBytes * PtxLane.Count).Clear();
        }

        Array.Clear(_lanePc);
        (_ready, Exited, AtBarrier, _waitingForWarp, SyncCount) = (Existing, 0, 0, 0, 0);
        Copies.Clear();
    }

    public void Free()
    {
        NativeMemory.AlignedFree(Registers);
        NativeMemory.AlignedFree(Local);
        NativeMemory.AlignedFree(LocalWritten);
        Registers = null;
        Local = null;
        LocalWritten = null;
        (_registerCapacity, _localCapacity) = (0, 0);
    }

    private ulong Special(SpecialRegister register, int lane, in LaunchShape shape)
    {
        int thread = (Index * PtxLane.Count) + lane;
        return (uint)(register switch
        {
            SpecialRegister.ThreadX => thread % shape.BlockX,
            SpecialRegister.ThreadY => thread / shape.BlockX,
            SpecialRegister.BlockSizeX => shape.BlockX,
            SpecialRegister.BlockSizeY => shape.BlockY,
            SpecialRegister.GridSizeX => shape.GridX,
            SpecialRegister.GridSizeY => shape.GridY,
            SpecialRegister.BlockSizeZ or SpecialRegister.GridSizeZ => 1,
            SpecialRegister.LaneIndex => lane,
            SpecialRegister.WarpIndex => Index,
            SpecialRegister.WarpCount => (shape.ThreadsPerBlock + PtxLane.Count - 1) / PtxLane.Count,
            SpecialRegister.LanesBelow => (int)((1u << lane) - 1),
            SpecialRegister.LanesUpTo => (int)((2u << lane) - 1),
            SpecialRegister.LaneBit => (int)(1u << lane),
            SpecialRegister.LanesFrom => (int)(uint.MaxValue << lane),
            SpecialRegister.LanesAbove => (int)((uint.MaxValue << lane) - (1u << lane)),
            SpecialRegister.DynamicSharedBytes => shape.DynamicSharedBytes,
            _ => 0,
        });
    }
}
