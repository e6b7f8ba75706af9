using System.Numerics;
using System.Runtime.CompilerServices;

namespace TinyLM;

/// <summary>
/// 32 threads in step. Lanes whose program counters differ run in groups, the hindmost first, so that they meet again where
/// their paths join. A group that reaches a barrier or a warp operation too early waits there for the others.
/// </summary>
internal sealed unsafe partial class PtxWarp
{
    private readonly int[] _lanePc = new int[PtxLane.Count];
    private int _registerCapacity;
    private int _localCapacity;
    private uint _ready;
    private uint _waitingForWarp;

    public PtxWarp(PtxBlock block, int index)
    {
        (Block, Index) = (block, index);
    }

    public PtxBlock Block { get; }

    public int Index { get; }

    /// <summary>The register file: 32 values a row.</summary>
    public ulong* Registers { get; private set; }

    /// <summary>One bit a lane.</summary>
    public uint[] Predicates { get; private set; } = [];

    /// <summary>Local memory of lane 0; the other lanes' follows, <see cref="PtxProgram.LocalBytes"/> each.</summary>
    public byte* Local { get; private set; }

    /// <summary>Which bytes of <see cref="Local"/> the block has written.</summary>
    public bool* LocalWritten { get; private set; }

    /// <summary>The lanes that now run.</summary>
    public uint Mask;

    /// <summary>The instruction after the one that now runs.</summary>
    public int Pc;

    /// <summary>The lanes that there are: the last warp of a block may have fewer than 32.</summary>
    public uint Existing { get; private set; }

    public uint Exited { get; private set; }

    /// <summary>The lanes that wait at the block's barrier.</summary>
    public uint AtBarrier { get; private set; }

    /// <summary>Counts the warp's own barriers, which order its lanes' accesses to shared memory.</summary>
    public int SyncCount { get; set; }

    public AsyncCopies Copies { get; } = new();

    /// <summary>Runs until every lane has ended or waits at the block's barrier.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run()
    {
        PtxInstruction[] instructions = Block.Program.Instructions;
        long[] counts = Block.LaneCounts;
        while (_ready != 0)
        {
            int limit = PickGroup();
            while (Pc < limit && Mask != 0)
            {
                int pc = Pc++;
                counts[pc] += BitOperations.PopCount(Mask);
                Block.CountDown();
                instructions[pc].Execute(this);
            }

            PutBack(Mask, Pc);
        }

        if (_waitingForWarp != 0)
        {
            throw StuckInWarp();
        }
    }

    /// <summary>Some of the running lanes go on at <paramref name="target"/>.</summary>
    public void Branch(uint taken, int target)
    {
        if (taken == Mask)
        {
            Pc = target;
        }
        else if (taken != 0)
        {
            PutBack(taken, target);
            PutBack(Mask & ~taken, Pc);
            Mask = 0;
        }
    }

    /// <summary>Lanes that <see cref="Branch"/> has set aside stand at <paramref name="pc"/> after all.</summary>
    public void MoveBack(uint lanes, int pc) => PutBack(lanes, pc);

    /// <summary>Some of the running lanes end.</summary>
    public void Exit(uint lanes)
    {
        Exited |= lanes;
        _ready &= ~lanes;
        Mask &= ~lanes;
    }

    /// <summary>The running lanes wait at the block's barrier, the instruction just begun.</summary>
    public void WaitAtBarrier()
    {
        PutBack(Mask, Pc - 1);
        AtBarrier |= Mask;
        _ready &= ~Mask;
        Mask = 0;
    }

    /// <summary>Every lane goes on behind the barrier at which it waits.</summary>
    public void LeaveBarrier()
    {
        for (uint rest = AtBarrier; rest != 0; rest &= rest - 1)
        {
            _lanePc[BitOperations.TrailingZeroCount(rest)]++;
        }

        _ready |= AtBarrier;
        AtBarrier = 0;
    }

    /// <summary>
    /// True once all of <paramref name="members"/> are at the warp operation just begun; <see cref="Mask"/> then holds them all.
    /// Otherwise the running lanes wait.
    /// </summary>
    public bool Gather(uint members)
    {
        members &= Existing;
        int pc = Pc - 1;
        uint arrived = Mask;
        for (uint rest = _waitingForWarp; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            arrived |= _lanePc[lane] == pc ? 1u << lane : 0;
        }

        if ((Mask & ~members) != 0)
        {
            throw Block.Fault(
                this, KernelFault.DivergedWarp, BitOperations.TrailingZeroCount(Mask & ~members),
                $"takes part in a warp operation whose members are 0x{members:X8}, not including it", "itself among the members");
        }

        if ((members & ~arrived) != 0)
        {
            PutBack(Mask, pc);
            _waitingForWarp |= Mask;
            _ready &= ~Mask;
            Mask = 0;
            return false;
        }

        _waitingForWarp &= ~arrived;
        _ready |= arrived;
        Mask = arrived;
        return true;
    }

    /// <summary><see cref="Gather"/> for operations that need 32 lanes.</summary>
    public bool GatherAll() => Existing == uint.MaxValue
        ? Gather(uint.MaxValue)
        : throw Block.Fault(this, KernelFault.DivergedWarp, 0, "belongs to a warp of fewer than 32 threads", "a whole warp for a tensor-core operation");

    /// <summary>Gives every running lane the same value.</summary>
    public void Fill(int destination, ulong value)
    {
        for (uint rest = Mask; rest != 0; rest &= rest - 1)
        {
            Registers[destination + BitOperations.TrailingZeroCount(rest)] = value;
        }
    }

    public void SetPredicate(int predicate, uint values) =>
        Predicates[predicate] = (Predicates[predicate] & ~Mask) | (values & Mask);

    public int LanePc(int lane) => _lanePc[lane];

    /// <summary>Chooses the hindmost group of ready lanes; returns the place where the next group stands.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int PickGroup()
    {
        int hindmost = int.MaxValue;
        int next = int.MaxValue;
        uint mask = 0;
        for (uint rest = _ready; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            int pc = _lanePc[lane];
            if (pc < hindmost)
            {
                (next, hindmost, mask) = (hindmost, pc, 1u << lane);
            }
            else if (pc == hindmost)
            {
                mask |= 1u << lane;
            }
            else
            {
                next = Math.Min(next, pc);
            }
        }

        (Mask, Pc) = (mask, hindmost);
        return next;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PutBack(uint lanes, int pc)
    {
        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            _lanePc[BitOperations.TrailingZeroCount(rest)] = pc;
        }
    }

    private KernelFaultException StuckInWarp()
    {
        int waiting = BitOperations.TrailingZeroCount(_waitingForWarp);
        Pc = _lanePc[waiting] + 1;
        uint elsewhere = 0;
        for (uint rest = _waitingForWarp; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            elsewhere |= _lanePc[lane] != _lanePc[waiting] ? 1u << lane : 0;
        }

        return AtBarrier != 0
            ? Block.Fault(this, KernelFault.Deadlock, waiting,
                $"waits for its warp, while {Block.Thread(this, BitOperations.TrailingZeroCount(AtBarrier))} waits at the barrier of " +
                $"{Block.Place(_lanePc[BitOperations.TrailingZeroCount(AtBarrier)])}", "all of them at one sync point")
            : Block.Fault(this, KernelFault.DivergedWarp, waiting,
                elsewhere != 0
                    ? $"waits for its warp, while {Block.Thread(this, BitOperations.TrailingZeroCount(elsewhere))} waits at " +
                      $"{Block.Place(_lanePc[BitOperations.TrailingZeroCount(elsewhere)])}"
                    : $"waits for its warp, while {Block.Thread(this, BitOperations.TrailingZeroCount(Exited))} has ended",
                "all members of a shuffle, vote or warp barrier to reach it together");
    }
}
