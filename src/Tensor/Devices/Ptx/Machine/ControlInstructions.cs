using System.Numerics;

namespace TinyLM;

/// <summary>bra, with or without a predicate.</summary>
internal sealed unsafe class BranchInstruction(int target, int predicate, bool negated) : PtxInstruction
{
    /// <summary>For <c>predicate</c>: every lane branches.</summary>
    public const int Always = -1;

    public override void Execute(PtxWarp warp)
    {
        uint taken = predicate == Always ? warp.Mask
            : warp.Mask & (negated ? ~warp.Predicates[predicate] : warp.Predicates[predicate]);
        if (target < warp.Pc)
        {
            warp.Block.CheckEndless(warp);
        }

        warp.Branch(taken, target);
    }
}

/// <summary>brx.idx: each lane takes the target that its index chooses.</summary>
internal sealed unsafe class IndexedBranchInstruction(int index, int[] targets) : PtxInstruction
{
    public override void Execute(PtxWarp warp)
    {
        ulong* indices = warp.Registers + index;
        uint start = warp.Mask;
        int first = BitOperations.TrailingZeroCount(start);
        uint same = 0;
        for (uint rest = start; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            if (indices[lane] >= (ulong)targets.Length)
            {
                throw warp.Block.Fault(warp, KernelFault.StrayAddress, lane,
                    $"branches by index {indices[lane]}", $"an index below {targets.Length}");
            }

            same |= indices[lane] == indices[first] ? 1u << lane : 0;
        }

        // The rest comes back to this instruction and finds its own target.
        if (same == start)
        {
            warp.Pc = targets[indices[first]];
        }
        else
        {
            int again = warp.Pc - 1;
            warp.Branch(same, targets[indices[first]]);
            warp.MoveBack(start & ~same, again);
        }
    }
}

/// <summary>ret and exit.</summary>
internal sealed class ExitInstruction(int predicate, bool negated) : PtxInstruction
{
    public override void Execute(PtxWarp warp) => warp.Exit(predicate == BranchInstruction.Always ? warp.Mask
        : warp.Mask & (negated ? ~warp.Predicates[predicate] : warp.Predicates[predicate]));
}

/// <summary>What bar.red makes of its predicate.</summary>
internal enum BarrierReduction
{
    None,
    And,
    Or,
    Count,
}

/// <summary>bar.sync and bar.red: the whole block meets.</summary>
internal sealed unsafe class BarrierInstruction(BarrierReduction reduction, int destination, int predicate, bool negated) : PtxInstruction
{
    public override void Execute(PtxWarp warp) => warp.WaitAtBarrier();

    /// <summary>All threads are here; gives each the reduction over all.</summary>
    public void Pass(List<PtxWarp> warps, int count)
    {
        if (reduction == BarrierReduction.None)
        {
            return;
        }

        int holding = 0;
        int threads = 0;
        for (int index = 0; index < count; index++)
        {
            PtxWarp warp = warps[index];
            uint holds = negated ? ~warp.Predicates[predicate] : warp.Predicates[predicate];
            holding += BitOperations.PopCount(holds & warp.AtBarrier);
            threads += BitOperations.PopCount(warp.AtBarrier);
        }

        bool result = reduction == BarrierReduction.And ? holding == threads : holding > 0;
        for (int index = 0; index < count; index++)
        {
            PtxWarp warp = warps[index];
            if (reduction == BarrierReduction.Count)
            {
                new Span<ulong>(warp.Registers + destination, PtxLane.Count).Fill((ulong)holding);
            }
            else
            {
                warp.Predicates[destination] = result ? uint.MaxValue : 0;
            }
        }
    }
}

/// <summary>membar, prefetch and the like: nothing to do where each access takes effect at once.</summary>
internal sealed class NoEffectInstruction : PtxInstruction
{
    public override void Execute(PtxWarp warp)
    {
    }
}
