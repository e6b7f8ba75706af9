using ILGPU;
using Half = ILGPU.Half;

namespace TinyLM.Tests;

/// <content>Conversions from each type to all others.</content>
internal static partial class PtxFamilies
{
    /// <summary>To other types, as bits.</summary>
    public readonly struct FromSByte : IPtxFamily<sbyte, ulong>
    {
        public static int Count => 10;

        public static ulong Apply(int which, sbyte a, sbyte b)
        {
            switch (which)
            {
                case 0: return (ulong)(sbyte)a;
                case 1: return (byte)a;
                case 2: return (ulong)(short)a;
                case 3: return (ushort)a;
                case 4: return (ulong)(int)a;
                case 5: return (uint)a;
                case 6: return (ulong)(long)a;
                case 7: return (ulong)a;
                case 8: return Interop.FloatAsInt((float)a);
                default: return Interop.FloatAsInt((double)a);
            }
        }
    }

    /// <summary>To other types, as bits.</summary>
    public readonly struct FromByte : IPtxFamily<byte, ulong>
    {
        public static int Count => 10;

        public static ulong Apply(int which, byte a, byte b)
        {
            switch (which)
            {
                case 0: return (ulong)(sbyte)a;
                case 1: return (byte)a;
                case 2: return (ulong)(short)a;
                case 3: return (ushort)a;
                case 4: return (ulong)(int)a;
                case 5: return (uint)a;
                case 6: return (ulong)(long)a;
                case 7: return (ulong)a;
                case 8: return Interop.FloatAsInt((float)a);
                default: return Interop.FloatAsInt((double)a);
            }
        }
    }

    /// <summary>To other types, as bits.</summary>
    public readonly struct FromInt16 : IPtxFamily<short, ulong>
    {
        public static int Count => 10;

        public static ulong Apply(int which, short a, short b)
        {
            switch (which)
            {
                case 0: return (ulong)(sbyte)a;
                case 1: return (byte)a;
                case 2: return (ulong)(short)a;
                case 3: return (ushort)a;
                case 4: return (ulong)(int)a;
                case 5: return (uint)a;
                case 6: return (ulong)(long)a;
                case 7: return (ulong)a;
                case 8: return Interop.FloatAsInt((float)a);
                default: return Interop.FloatAsInt((double)a);
            }
        }
    }

    /// <summary>To other types, as bits.</summary>
    public readonly struct FromUInt16 : IPtxFamily<ushort, ulong>
    {
        public static int Count => 10;

        public static ulong Apply(int which, ushort a, ushort b)
        {
            switch (which)
            {
                case 0: return (ulong)(sbyte)a;
                case 1: return (byte)a;
                case 2: return (ulong)(short)a;
                case 3: return (ushort)a;
                case 4: return (ulong)(int)a;
                case 5: return (uint)a;
                case 6: return (ulong)(long)a;
                case 7: return (ulong)a;
                case 8: return Interop.FloatAsInt((float)a);
                default: return Interop.FloatAsInt((double)a);
            }
        }
    }

    /// <summary>To other types, as bits.</summary>
    public readonly struct FromInt32 : IPtxFamily<int, ulong>
    {
        public static int Count => 10;

        public static ulong Apply(int which, int a, int b)
        {
            switch (which)
            {
                case 0: return (ulong)(sbyte)a;
                case 1: return (byte)a;
                case 2: return (ulong)(short)a;
                case 3: return (ushort)a;
                case 4: return (ulong)(int)a;
                case 5: return (uint)a;
                case 6: return (ulong)(long)a;
                case 7: return (ulong)a;
                case 8: return Interop.FloatAsInt((float)a);
                default: return Interop.FloatAsInt((double)a);
            }
        }
    }

    /// <summary>To other types, as bits.</summary>
    public readonly struct FromUInt32 : IPtxFamily<uint, ulong>
    {
        public static int Count => 10;

        public static ulong Apply(int which, uint a, uint b)
        {
            switch (which)
            {
                case 0: return (ulong)(sbyte)a;
                case 1: return (byte)a;
                case 2: return (ulong)(short)a;
                case 3: return (ushort)a;
                case 4: return (ulong)(int)a;
                case 5: return (uint)a;
                case 6: return (ulong)(long)a;
                case 7: return (ulong)a;
                case 8: return Interop.FloatAsInt((float)a);
                default: return Interop.FloatAsInt((double)a);
            }
        }
    }

    /// <summary>To other types, as bits.</summary>
    public readonly struct FromInt64 : IPtxFamily<long, ulong>
    {
        public static int Count => 10;

        public static ulong Apply(int which, long a, long b)
        {
            switch (which)
            {
                case 0: return (ulong)(sbyte)a;
                case 1: return (byte)a;
                case 2: return (ulong)(short)a;
                case 3: return (ushort)a;
                case 4: return (ulong)(int)a;
                case 5: return (uint)a;
                case 6: return (ulong)(long)a;
                case 7: return (ulong)a;
                case 8: return Interop.FloatAsInt((float)a);
                default: return Interop.FloatAsInt((double)a);
            }
        }
    }

    /// <summary>To other types, as bits.</summary>
    public readonly struct FromUInt64 : IPtxFamily<ulong, ulong>
    {
        public static int Count => 10;

        public static ulong Apply(int which, ulong a, ulong b)
        {
            switch (which)
            {
                case 0: return (ulong)(sbyte)a;
                case 1: return (byte)a;
                case 2: return (ulong)(short)a;
                case 3: return (ushort)a;
                case 4: return (ulong)(int)a;
                case 5: return (uint)a;
                case 6: return (ulong)(long)a;
                case 7: return (ulong)a;
                case 8: return Interop.FloatAsInt((float)a);
                default: return Interop.FloatAsInt((double)a);
            }
        }
    }

    /// <summary>To other types, as bits.</summary>
    public readonly struct FromSingle : IPtxFamily<float, ulong>
    {
        public static int Count => 11;

        public static ulong Apply(int which, float a, float b)
        {
            switch (which)
            {
                case 0: return (ulong)(sbyte)(int)a;
                case 1: return (byte)(uint)a;
                case 2: return (ulong)(short)(int)a;
                case 3: return (ushort)(uint)a;
                case 4: return (ulong)(int)a;
                case 5: return (uint)a;
                case 6: return (ulong)(long)a;
                case 7: return (ulong)a;
                case 8: return Interop.FloatAsInt((float)a);
                case 9: return Interop.FloatAsInt((double)a);
                default: return Interop.FloatAsInt((Half)a);
            }
        }

        /// <summary>On the CPU, ILGPU's Half cuts bits off where it should round.</summary>
        public static ulong Expected(int which, float a, float b) => which == 10 ? BitConverter.HalfToUInt16Bits((System.Half)a) : Apply(which, a, b);
    }

    /// <summary>To other types, as bits.</summary>
    public readonly struct FromDouble : IPtxFamily<double, ulong>
    {
        public static int Count => 11;

        public static ulong Apply(int which, double a, double b)
        {
            switch (which)
            {
                case 0: return (ulong)(sbyte)(int)a;
                case 1: return (byte)(uint)a;
                case 2: return (ulong)(short)(int)a;
                case 3: return (ushort)(uint)a;
                case 4: return (ulong)(int)a;
                case 5: return (uint)a;
                case 6: return (ulong)(long)a;
                case 7: return (ulong)a;
                case 8: return Interop.FloatAsInt((float)a);
                case 9: return Interop.FloatAsInt((double)a);
                default: return Interop.FloatAsInt((Half)a);
            }
        }

        /// <summary>On the CPU, ILGPU's Half cuts bits off where it should round.</summary>
        public static ulong Expected(int which, double a, double b) => which == 10 ? BitConverter.HalfToUInt16Bits((System.Half)a) : Apply(which, a, b);
    }

    /// <summary>To other types, as bits.</summary>
    public readonly struct FromHalf : IPtxFamily<Half, ulong>
    {
        public static int Count => 11;

        public static ulong Apply(int which, Half a, Half b)
        {
            switch (which)
            {
                case 0: return (ulong)(sbyte)(int)(float)a;
                case 1: return (byte)(uint)(float)a;
                case 2: return (ulong)(short)(int)(float)a;
                case 3: return (ushort)(uint)(float)a;
                case 4: return (ulong)(int)(float)a;
                case 5: return (uint)(float)a;
                case 6: return (ulong)(long)(float)a;
                case 7: return (ulong)(float)a;
                case 8: return Interop.FloatAsInt((float)a);
                case 9: return Interop.FloatAsInt((double)a);
                default: return Interop.FloatAsInt(a);
            }
        }
    }
}
