using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TinyLM;

/// <summary>
/// The shared memory of a block, with a record of who last wrote and read each grain of it. Only the block's barrier orders
/// accesses of different threads; a warp's own barrier orders those within the warp.
/// </summary>
internal sealed unsafe class PtxSharedMemory
{
    /// <summary>Stands for all atomic writers, which do not race with each other.</summary>
    private const int Atomics = -1;

    /// <summary>Readers of more than one warp.</summary>
    private const int Everyone = int.MinValue;

    private byte* _bytes;
    private int _capacity;
    private int _grainShift = 2;
    private int _blockStart;
    private Cell[] _cells = [];

    /// <summary>Counts barriers, of all blocks of a launch.</summary>
    public int Epoch { get; set; }

    public int Length { get; private set; }

    public void Prepare(int length, int grain)
    {
        (Length, _grainShift, Epoch) = (length, BitOperations.Log2((uint)grain), 0);
        if (length > _capacity)
        {
            NativeMemory.AlignedFree(_bytes);
            _capacity = length;
            _bytes = (byte*)NativeMemory.AlignedAlloc((nuint)length, 256);
        }

        int count = (length + grain - 1) / grain;
        if (_cells.Length < count)
        {
            _cells = new Cell[count];
        }

        _cells.AsSpan(0, count).Clear();
    }

    public void BeginBlock()
    {
        _blockStart = ++Epoch;
    }

    public byte* At(int offset) => _bytes + offset;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void CheckRead(PtxWarp warp, int lane, int offset, int bytes)
    {
        int thread = ThreadOf(warp, lane);
        for (int index = offset >> _grainShift; index <= (offset + bytes - 1) >> _grainShift; index++)
        {
            ref Cell cell = ref _cells[index];
            if (cell.WriteEpoch < _blockStart)
            {
                throw Unwritten(warp, lane, index, "reads");
            }

            CheckCopying(warp, lane, index, cell, "reads");
            if (cell.WriteEpoch == Epoch && cell.Writer != thread && !IsOrdered(warp, cell.Writer, cell.WriteSync))
            {
                throw Race(warp, lane, index, "reads", cell.Writer, "has written");
            }

            if (cell.ReadEpoch != Epoch || IsOrdered(warp, cell.Reader, cell.ReadSync))
            {
                (cell.ReadEpoch, cell.Reader) = (Epoch, thread);
            }
            else if (cell.Reader != thread)
            {
                cell.Reader = WarpOf(cell.Reader) == warp.Index ? ReadersIn(warp.Index) : Everyone;
            }

            cell.ReadSync = warp.SyncCount;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void CheckWrite(PtxWarp warp, int lane, int offset, int bytes)
    {
        int thread = ThreadOf(warp, lane);
        for (int index = offset >> _grainShift; index <= (offset + bytes - 1) >> _grainShift; index++)
        {
            ref Cell cell = ref _cells[index];
            CheckCopying(warp, lane, index, cell, "writes");
            CheckConflicts(warp, lane, index, cell, thread, "writes");
            (cell.WriteEpoch, cell.Writer, cell.WriteSync, cell.Copying) = (Epoch, thread, warp.SyncCount, false);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void CheckAtomic(PtxWarp warp, int lane, int offset, int bytes)
    {
        for (int index = offset >> _grainShift; index <= (offset + bytes - 1) >> _grainShift; index++)
        {
            ref Cell cell = ref _cells[index];
            if (cell.WriteEpoch < _blockStart)
            {
                throw Unwritten(warp, lane, index, "updates");
            }

            CheckCopying(warp, lane, index, cell, "updates");
            CheckConflicts(warp, lane, index, cell, Atomics, "updates");
            (cell.WriteEpoch, cell.Writer) = (Epoch, Atomics);
        }
    }

    /// <summary>Marks bytes that an asynchronous copy will fill: touching them before it has ended is an error.</summary>
    public void BeginCopy(PtxWarp warp, int lane, int offset, int bytes)
    {
        CheckWrite(warp, lane, offset, bytes);
        SetCopying(offset, bytes, true);
    }

    /// <summary>The copy has ended; its thread counts as the writer from now on.</summary>
    public void EndCopy(PtxWarp warp, int lane, int offset, int bytes)
    {
        SetCopying(offset, bytes, false);
        CheckWrite(warp, lane, offset, bytes);
    }

    public void Free()
    {
        NativeMemory.AlignedFree(_bytes);
        _bytes = null;
        _capacity = 0;
    }

    private static int ThreadOf(PtxWarp warp, int lane) => (warp.Index * PtxLane.Count) + lane;

    private static int ReadersIn(int warp) => -2 - warp;

    private static int WarpOf(int who) => who >= 0 ? who / PtxLane.Count : who is Atomics or Everyone ? -1 : -2 - who;

    /// <summary>True if a warp barrier lies between what a thread of the same warp did and now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsOrdered(PtxWarp warp, int who, int sync) => sync < warp.SyncCount && WarpOf(who) == warp.Index;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CheckConflicts(PtxWarp warp, int lane, int index, in Cell cell, int thread, string action)
    {
        if (cell.WriteEpoch == Epoch && cell.Writer != thread && !IsOrdered(warp, cell.Writer, cell.WriteSync))
        {
            throw Race(warp, lane, index, action, cell.Writer, "has written");
        }

        if (cell.ReadEpoch == Epoch && cell.Reader != thread && !IsOrdered(warp, cell.Reader, cell.ReadSync))
        {
            throw Race(warp, lane, index, action, cell.Reader, "has read");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CheckCopying(PtxWarp warp, int lane, int index, in Cell cell, string action)
    {
        if (cell.Copying && cell.WriteEpoch >= _blockStart)
        {
            throw StillCopying(warp, lane, index, action);
        }
    }

    private KernelFaultException StillCopying(PtxWarp warp, int lane, int index, string action) => warp.Block.Fault(
        warp, KernelFault.SharedMemoryRace, lane,
        $"{action} shared byte {index << _grainShift}, which a cp.async may still be filling", "cp.async.wait_group and a barrier in between");

    private void SetCopying(int offset, int bytes, bool copying)
    {
        for (int index = offset >> _grainShift; index <= (offset + bytes - 1) >> _grainShift; index++)
        {
            _cells[index].Copying = copying;
        }
    }

    private KernelFaultException Unwritten(PtxWarp warp, int lane, int index, string action) => warp.Block.Fault(
        warp, KernelFault.UninitializedSharedMemory, lane,
        $"{action} shared byte {index << _grainShift}, which this block has not written", "a write, and a barrier, before that");

    private KernelFaultException Race(PtxWarp warp, int lane, int index, string action, int who, string did)
    {
        string other = who switch
        {
            Atomics => "an atomic operation",
            Everyone => "more than one warp",
            >= 0 => warp.Block.Thread(warp, who - (warp.Index * PtxLane.Count)),
            _ => $"more than one thread of warp {WarpOf(who)}",
        };
        return warp.Block.Fault(warp, KernelFault.SharedMemoryRace, lane,
            $"{action} shared byte {index << _grainShift}, which {other} {did} since the last barrier", "a barrier in between");
    }

    /// <summary>Who last wrote and read a grain, and when: the epoch of the block, and the count of the warp's own barriers.</summary>
    private struct Cell
    {
        public int WriteEpoch;
        public int Writer;
        public int WriteSync;
        public int ReadEpoch;
        public int Reader;
        public int ReadSync;
        public bool Copying;
    }
}
