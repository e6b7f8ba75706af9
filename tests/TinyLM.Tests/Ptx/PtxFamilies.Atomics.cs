using ILGPU;

namespace TinyLM.Tests;

/// <content>Atomic operations.</content>
internal static partial class PtxFamilies
{
    public readonly struct AtomicInt32 : IPtxAtomicFamily<int>
    {
        public static int Count => 8;

        public static int Apply(int which, ref int cell, int value)
        {
            switch (which)
            {
                case 0: return Atomic.Add(ref cell, value);
                case 1: return Atomic.Min(ref cell, value);
                case 2: return Atomic.Max(ref cell, value);
                case 3: return Atomic.Exchange(ref cell, value);
                case 5: return Atomic.And(ref cell, value);
                case 6: return Atomic.Or(ref cell, value);
                case 7: return Atomic.Xor(ref cell, value);
                default: return Atomic.CompareExchange(ref cell, 3, value);
            }
        }
    }

    public readonly struct AtomicUInt32 : IPtxAtomicFamily<uint>
    {
        public static int Count => 8;

        public static uint Apply(int which, ref uint cell, uint value)
        {
            switch (which)
            {
                case 0: return Atomic.Add(ref cell, value);
                case 1: return Atomic.Min(ref cell, value);
                case 2: return Atomic.Max(ref cell, value);
                case 3: return Atomic.Exchange(ref cell, value);
                case 5: return Atomic.And(ref cell, value);
                case 6: return Atomic.Or(ref cell, value);
                case 7: return Atomic.Xor(ref cell, value);
                default: return Atomic.CompareExchange(ref cell, 3, value);
            }
        }
    }

    public readonly struct AtomicInt64 : IPtxAtomicFamily<long>
    {
        public static int Count => 8;

        public static long Apply(int which, ref long cell, long value)
        {
            switch (which)
            {
                case 0: return Atomic.Add(ref cell, value);
                case 1: return Atomic.Min(ref cell, value);
                case 2: return Atomic.Max(ref cell, value);
                case 3: return Atomic.Exchange(ref cell, value);
                case 5: return Atomic.And(ref cell, value);
                case 6: return Atomic.Or(ref cell, value);
                case 7: return Atomic.Xor(ref cell, value);
                default: return Atomic.CompareExchange(ref cell, 3, value);
            }
        }
    }

    public readonly struct AtomicUInt64 : IPtxAtomicFamily<ulong>
    {
        public static int Count => 8;

        public static ulong Apply(int which, ref ulong cell, ulong value)
        {
            switch (which)
            {
                case 0: return Atomic.Add(ref cell, value);
                case 1: return Atomic.Min(ref cell, value);
                case 2: return Atomic.Max(ref cell, value);
                case 3: return Atomic.Exchange(ref cell, value);
                case 5: return Atomic.And(ref cell, value);
                case 6: return Atomic.Or(ref cell, value);
                case 7: return Atomic.Xor(ref cell, value);
                default: return Atomic.CompareExchange(ref cell, 3, value);
            }
        }
    }

    public readonly struct AtomicSingle : IPtxAtomicFamily<float>
    {
        public static int Count => 5;

        public static float Apply(int which, ref float cell, float value)
        {
            switch (which)
            {
                case 0: return Atomic.Add(ref cell, value);
                case 1: return Atomic.Min(ref cell, value);
                case 2: return Atomic.Max(ref cell, value);
                case 3: return Atomic.Exchange(ref cell, value);
                default: return Atomic.CompareExchange(ref cell, 3, value);
            }
        }
    }

    public readonly struct AtomicDouble : IPtxAtomicFamily<double>
    {
        public static int Count => 5;

        public static double Apply(int which, ref double cell, double value)
        {
            switch (which)
            {
                case 0: return Atomic.Add(ref cell, value);
                case 1: return Atomic.Min(ref cell, value);
                case 2: return Atomic.Max(ref cell, value);
                case 3: return Atomic.Exchange(ref cell, value);
                default: return Atomic.CompareExchange(ref cell, 3, value);
            }
        }
    }
}
