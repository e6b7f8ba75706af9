using System.Runtime.Intrinsics;

namespace TinyLM;

/// <summary>
/// mma.m16n8k16 of bfloat16 into float32: the exact sum, rounded once. A GPU rounds each step of its own, so the last bits differ.
/// </summary>
/// <remarks>Layouts: PTX ISA, "Matrix Fragments for mma.m16n8k16 with floating point type".</remarks>
internal sealed unsafe class MatrixMultiplyInstruction(int[] destinations, int[] a, int[] b, int[] c) : PtxInstruction
{
    public const int FlopsPerThread = 2 * Rows * Columns * Depth / PtxLane.Count;

    private const int Rows = 16;
    private const int Columns = 8;
    private const int Depth = 16;

    public override void Execute(PtxWarp warp)
    {
        if (!warp.GatherAll())
        {
            return;
        }

        double* left = stackalloc double[Rows * Depth];
        double* right = stackalloc double[Depth * Columns];
        for (int lane = 0; lane < PtxLane.Count; lane++)
        {
            int group = lane / 4;
            int pair = lane % 4 * 2;
            for (int part = 0; part < a.Length; part++)
            {
                uint bits = (uint)warp.Registers[a[part] + lane];
                double* place = left + ((group + (part % 2 * 8)) * Depth) + pair + (part / 2 * 8);
                (place[0], place[1]) = (Low(bits), High(bits));
            }

            for (int part = 0; part < b.Length; part++)
            {
                uint bits = (uint)warp.Registers[b[part] + lane];
                double* place = right + ((pair + (part * 8)) * Columns) + group;
                (place[0], place[Columns]) = (Low(bits), High(bits));
            }
        }

        double* product = stackalloc double[Rows * Columns];
        for (int row = 0; row < Rows; row++)
        {
            Vector512<double> sum = Vector512<double>.Zero;
            for (int k = 0; k < Depth; k++)
            {
                sum += Vector512.Create(left[(row * Depth) + k]) * Vector512.Load(right + (k * Columns));
            }

            sum.Store(product + (row * Columns));
        }

        for (int lane = 0; lane < PtxLane.Count; lane++)
        {
            for (int part = 0; part < destinations.Length; part++)
            {
                int row = (lane / 4) + (part / 2 * 8);
                int column = (lane % 4 * 2) + (part % 2);
                double start = PtxLane.Get<float>(warp.Registers[c[part] + lane]);
                warp.Registers[destinations[part] + lane] = PtxLane.Put((float)(start + product[(row * Columns) + column]));
            }
        }
    }

    private static double Low(uint bits) => BitConverter.UInt32BitsToSingle(bits << 16);

    private static double High(uint bits) => BitConverter.UInt32BitsToSingle(bits & 0xFFFF_0000);
}

/// <summary>ldmatrix: lanes 8·i to 8·i + 7 give the addresses of the rows of 8×8 tile i; each lane gets two neighbours of a row.</summary>
internal sealed unsafe class LoadMatrixInstruction(int address, long offset, int[] destinations, bool transposed) : PtxInstruction
{
    private const int RowBytes = 16;

    public override void Execute(PtxWarp warp)
    {
        if (!warp.GatherAll())
        {
            return;
        }

        PtxSharedMemory shared = warp.Block.Shared;
        int* rows = stackalloc int[PtxLane.Count];
        byte** pointers = stackalloc byte*[PtxLane.Count];
        for (int lane = 0; lane < destinations.Length * 8; lane++)
        {
            ulong row = warp.Registers[address + lane] + (ulong)offset;
            if (row % RowBytes != 0)
            {
                throw warp.Block.Fault(warp, KernelFault.MisalignedAddress, lane,
                    $"gives a matrix row at shared address {(long)row}", $"a multiple of {RowBytes}");
            }

            if (row + RowBytes > (ulong)shared.Length || row > int.MaxValue)
            {
                throw warp.Block.Fault(warp, KernelFault.StrayAddress, lane,
                    $"gives a matrix row at shared address {(long)row}",
                    $"an address inside the block's {shared.Length} bytes of shared memory");
            }

            rows[lane] = (int)row;
            pointers[lane] = shared.At((int)row);
        }

        warp.Block.Counts.SharedRequests++;
        uint givers = destinations.Length == 4 ? uint.MaxValue : (1u << (destinations.Length * 8)) - 1;
        warp.Block.Counts.BankConflicts += MemoryCost.BankConflicts(pointers, givers, shared.At(0), RowBytes);
        ulong* loaded = stackalloc ulong[PtxLane.Count];
        for (int tile = 0; tile < destinations.Length; tile++)
        {
            for (int lane = 0; lane < PtxLane.Count; lane++)
            {
                loaded[lane] = transposed
                    ? Element(warp, lane, rows[(tile * 8) + (lane % 4 * 2)] + (lane / 4 * 2))
                        | (Element(warp, lane, rows[(tile * 8) + (lane % 4 * 2) + 1] + (lane / 4 * 2)) << 16)
                    : Element(warp, lane, rows[(tile * 8) + (lane / 4)] + (lane % 4 * 4))
                        | (Element(warp, lane, rows[(tile * 8) + (lane / 4)] + (lane % 4 * 4) + 2) << 16);
            }

            new Span<ulong>(loaded, PtxLane.Count).CopyTo(new Span<ulong>(warp.Registers + destinations[tile], PtxLane.Count));
        }
    }

    private static ulong Element(PtxWarp warp, int lane, int place)
    {
        warp.Block.Shared.CheckRead(warp, lane, place, sizeof(ushort));
        return *(ushort*)warp.Block.Shared.At(place);
    }
}
