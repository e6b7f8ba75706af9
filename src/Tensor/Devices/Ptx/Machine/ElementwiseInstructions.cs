using System.Numerics;
using System.Runtime.CompilerServices;

namespace TinyLM;

internal interface IPtxUnary
{
    static abstract ulong Apply(ulong a);
}

internal interface IPtxBinary
{
    static abstract ulong Apply(ulong a, ulong b);
}

internal interface IPtxTernary
{
    static abstract ulong Apply(ulong a, ulong b, ulong c);
}

internal interface IPtxComparison
{
    static abstract bool Holds(ulong a, ulong b);
}

// These loops are nearly all of the machine's time, and most kernels end before tiered compilation would reach them.

internal sealed unsafe class UnaryInstruction<TOperation>(int destination, int a) : PtxInstruction
    where TOperation : struct, IPtxUnary
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(PtxWarp warp)
    {
        ulong* result = warp.Registers + destination;
        ulong* first = warp.Registers + a;
        if (warp.Mask == uint.MaxValue)
        {
            for (int lane = 0; lane < PtxLane.Count; lane++)
            {
                result[lane] = TOperation.Apply(first[lane]);
            }

            return;
        }

        for (uint rest = warp.Mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            result[lane] = TOperation.Apply(first[lane]);
        }
    }
}

internal sealed unsafe class BinaryInstruction<TOperation>(int destination, int a, int b) : PtxInstruction
    where TOperation : struct, IPtxBinary
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(PtxWarp warp)
    {
        ulong* result = warp.Registers + destination;
        ulong* first = warp.Registers + a;
        ulong* second = warp.Registers + b;
        if (warp.Mask == uint.MaxValue)
        {
            for (int lane = 0; lane < PtxLane.Count; lane++)
            {
                result[lane] = TOperation.Apply(first[lane], second[lane]);
            }

            return;
        }

        for (uint rest = warp.Mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            result[lane] = TOperation.Apply(first[lane], second[lane]);
        }
    }
}

internal sealed unsafe class TernaryInstruction<TOperation>(int destination, int a, int b, int c) : PtxInstruction
    where TOperation : struct, IPtxTernary
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(PtxWarp warp)
    {
        ulong* result = warp.Registers + destination;
        ulong* first = warp.Registers + a;
        ulong* second = warp.Registers + b;
        ulong* third = warp.Registers + c;
        for (uint rest = warp.Mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            result[lane] = TOperation.Apply(first[lane], second[lane], third[lane]);
        }
    }
}

/// <summary>setp, optionally combined with another predicate; testp compares a value with itself.</summary>
internal sealed unsafe class CompareInstruction<TComparison>(
    int predicate, int a, int b, PredicateOperation combination, int other) : PtxInstruction
    where TComparison : struct, IPtxComparison
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(PtxWarp warp)
    {
        ulong* first = warp.Registers + a;
        ulong* second = warp.Registers + b;
        uint holds = 0;
        for (uint rest = warp.Mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            holds |= (TComparison.Holds(first[lane], second[lane]) ? 1u : 0u) << lane;
        }

        warp.SetPredicate(predicate, PredicateInstruction.Combine(combination, holds, warp.Predicates[other]));
    }
}

internal enum PredicateOperation
{
    Copy,
    Not,
    And,
    Or,
    Xor,
}

/// <summary>Logic on predicates; a predicate of a warp is one bit a lane.</summary>
internal sealed unsafe class PredicateInstruction(PredicateOperation operation, int predicate, int a, int b) : PtxInstruction
{
    public override void Execute(PtxWarp warp) =>
        warp.SetPredicate(predicate, Combine(operation, warp.Predicates[a], warp.Predicates[b]));

    public static uint Combine(PredicateOperation operation, uint a, uint b) => operation switch
    {
        PredicateOperation.Copy => a,
        PredicateOperation.Not => ~a,
        PredicateOperation.And => a & b,
        PredicateOperation.Or => a | b,
        _ => a ^ b,
    };
}

/// <summary>mov.pred of 0 or 1.</summary>
internal sealed class PredicateConstantInstruction(int predicate, bool value) : PtxInstruction
{
    public override void Execute(PtxWarp warp) => warp.SetPredicate(predicate, value ? uint.MaxValue : 0);
}

/// <summary>selp.</summary>
internal sealed unsafe class SelectInstruction(int destination, int a, int b, int predicate) : PtxInstruction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(PtxWarp warp)
    {
        ulong* result = warp.Registers + destination;
        ulong* first = warp.Registers + a;
        ulong* second = warp.Registers + b;
        uint holds = warp.Predicates[predicate];
        for (uint rest = warp.Mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            result[lane] = (holds >> lane & 1) != 0 ? first[lane] : second[lane];
        }
    }
}
