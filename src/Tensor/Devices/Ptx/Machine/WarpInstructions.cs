using System.Numerics;

namespace TinyLM;

internal enum ShuffleMode
{
    Up,
    Down,
    Butterfly,
    Index,
}

/// <summary>shfl.sync. The value of a lane that takes no part is poison.</summary>
internal sealed unsafe class ShuffleInstruction(ShuffleMode mode, int destination, int predicate, int a, int b, int c, int members) : PtxInstruction
{
    /// <summary>For <c>predicate</c>: not asked for.</summary>
    public const int NoPredicate = -1;

    public override void Execute(PtxWarp warp)
    {
        if (!warp.Gather((uint)warp.Registers[members + BitOperations.TrailingZeroCount(warp.Mask)]))
        {
            return;
        }

        ulong* received = stackalloc ulong[PtxLane.Count];
        uint inRange = 0;
        for (uint rest = warp.Mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            int source = Source(lane, (int)warp.Registers[b + lane] & 31, (int)warp.Registers[c + lane], out bool valid);
            inRange |= valid ? 1u << lane : 0;
            source = valid ? source : lane;
            received[lane] = (warp.Mask >> source & 1) != 0 ? warp.Registers[a + source] : unchecked((uint)PtxLane.Poison);
        }

        for (uint rest = warp.Mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            warp.Registers[destination + lane] = received[lane];
        }

        if (predicate != NoPredicate)
        {
            warp.SetPredicate(predicate, inRange);
        }
    }

    private int Source(int lane, int distance, int clampAndSegments, out bool valid)
    {
        int segment = clampAndSegments >> 8 & 31;
        int clamp = clampAndSegments & 31;
        int least = lane & segment;
        int most = least | (clamp & ~segment);
        int source = mode switch
        {
            ShuffleMode.Up => lane - distance,
            ShuffleMode.Down => lane + distance,
            ShuffleMode.Butterfly => lane ^ distance,
            _ => least | (distance & ~segment),
        };
        valid = mode == ShuffleMode.Up ? source >= most : source <= most;
        return source;
    }
}

/// <summary>bar.warp.sync.</summary>
internal sealed unsafe class WarpBarrierInstruction(int members) : PtxInstruction
{
    public override void Execute(PtxWarp warp)
    {
        if (warp.Gather((uint)warp.Registers[members + BitOperations.TrailingZeroCount(warp.Mask)]))
        {
            warp.SyncCount++;
        }
    }
}

internal enum VoteMode
{
    All,
    Any,
    Uniform,
    Ballot,
}

/// <summary>vote.sync; a ballot goes to a register, the others to a predicate.</summary>
internal sealed unsafe class VoteInstruction(VoteMode mode, int destination, int predicate, bool negated, int members) : PtxInstruction
{
    public override void Execute(PtxWarp warp)
    {
        if (!warp.Gather((uint)warp.Registers[members + BitOperations.TrailingZeroCount(warp.Mask)]))
        {
            return;
        }

        uint holds = (negated ? ~warp.Predicates[predicate] : warp.Predicates[predicate]) & warp.Mask;
        if (mode == VoteMode.Ballot)
        {
            warp.Fill(destination, holds);
            return;
        }

        bool result = mode switch
        {
            VoteMode.All => holds == warp.Mask,
            VoteMode.Any => holds != 0,
            _ => holds == 0 || holds == warp.Mask,
        };
        warp.SetPredicate(destination, result ? uint.MaxValue : 0);
    }
}

/// <summary>activemask.</summary>
internal sealed class ActiveMaskInstruction(int destination) : PtxInstruction
{
    public override void Execute(PtxWarp warp) => warp.Fill(destination, warp.Mask);
}
