using System.Numerics;

namespace TinyLM;

/// <summary>Runs one block at a time: its warps, its shared memory, its barrier. Kept from block to block and launch to launch.</summary>
internal sealed unsafe class PtxBlock
{
    private readonly List<PtxWarp> _warps = [];
    private byte[] _arguments = [];
    private AddressRange[] _views = [];
    private int _viewCount;
    private int _warpCount;
    private long _remaining;
    private long _limit;

    public PtxProgram Program { get; private set; } = null!;

    public LaunchShape Shape { get; private set; }

    public int X { get; private set; }

    public int Y { get; private set; }

    public PtxSharedMemory Shared { get; } = new();

    /// <summary>How often each instruction ran, counted once for each lane.</summary>
    public long[] LaneCounts { get; private set; } = [];

    /// <summary>What memory did in this launch.</summary>
    public MemoryCounts Counts;

    public ReadOnlySpan<byte> Arguments => _arguments;

    public ReadOnlySpan<AddressRange> Views => _views.AsSpan(0, _viewCount);

    public void Prepare(
        PtxProgram program, in LaunchShape shape, ReadOnlySpan<byte> arguments, ReadOnlySpan<AddressRange> views, long instructionLimit)
    {
        (Program, Shape, _limit, Counts) = (program, shape, instructionLimit, default);
        if (_arguments.Length < arguments.Length)
        {
            _arguments = new byte[arguments.Length];
        }

        if (_views.Length < views.Length)
        {
            _views = new AddressRange[views.Length];
        }

        arguments.CopyTo(_arguments);
        views.CopyTo(_views);
        _viewCount = views.Length;
        if (LaneCounts.Length < program.Instructions.Length)
        {
            LaneCounts = new long[program.Instructions.Length];
        }

        LaneCounts.AsSpan().Clear();
        _warpCount = (shape.ThreadsPerBlock + PtxLane.Count - 1) / PtxLane.Count;
        while (_warps.Count < _warpCount)
        {
            _warps.Add(new PtxWarp(this, _warps.Count));
        }

        for (int warp = 0; warp < _warpCount; warp++)
        {
            _warps[warp].Prepare(program, shape);
        }

        Shared.Prepare(program.SharedBytes + shape.DynamicSharedBytes, program.SharedGrain);
    }

    /// <exception cref="KernelFaultException">The kernel is at fault.</exception>
    public void Run(int x, int y)
    {
        (X, Y) = (x, y);
        Shared.BeginBlock();
        for (int warp = 0; warp < _warpCount; warp++)
        {
            _warps[warp].BeginBlock(Program);
        }

        do
        {
            _remaining = _limit;
            for (int warp = 0; warp < _warpCount; warp++)
            {
                _warps[warp].Run();
            }
        }
        while (PassBarrier());
    }

    /// <summary>Stops a kernel that would never end.</summary>
    public void CountDown() => _remaining--;

    /// <summary>Called where a loop closes.</summary>
    public void CheckEndless(PtxWarp warp)
    {
        if (_remaining < 0)
        {
            throw Fault(warp, KernelFault.Endless, BitOperations.TrailingZeroCount(warp.Mask),
                $"still runs after its block's {_limit:N0} warp instructions", "an end, or a barrier, before that");
        }
    }

    public void Free()
    {
        foreach (PtxWarp warp in _warps)
        {
            warp.Free();
        }

        Shared.Free();
    }

    /// <summary>"thread (3, 0)".</summary>
    public string Thread(PtxWarp warp, int lane)
    {
        int thread = (warp.Index * PtxLane.Count) + lane;
        return $"thread ({thread % Shape.BlockX}, {thread / Shape.BlockX})";
    }

    /// <summary>"PTX line 40 'bar.sync 0;'".</summary>
    public string Place(int pc) => $"PTX line {Program.Statements[pc].Line} '{Program.Statements[pc].Text.Replace('\t', ' ')}'";

    public KernelFaultException Fault(PtxWarp warp, KernelFault fault, int lane, string seen, string expected)
    {
        int pc = warp.Pc - 1;
        return new KernelFaultException(
            fault, Program.Compiled.Name, Program.Statements[pc].Line, (warp.Index * PtxLane.Count) + lane, (Y * Shape.GridX) + X,
            $"{Program.Compiled.Name}, {Place(pc)}: {Thread(warp, lane)} of block ({X}, {Y}) {seen}; expected {expected}.");
    }

    /// <summary>False once every thread has ended; otherwise all threads wait at one barrier and now pass it.</summary>
    private bool PassBarrier()
    {
        int waitingWarp = -1;
        for (int warp = 0; warp < _warpCount && waitingWarp < 0; warp++)
        {
            waitingWarp = _warps[warp].AtBarrier != 0 ? warp : -1;
        }

        if (waitingWarp < 0)
        {
            return false;
        }

        PtxWarp first = _warps[waitingWarp];
        int firstLane = BitOperations.TrailingZeroCount(first.AtBarrier);
        int pc = first.LanePc(firstLane);
        first.Pc = pc + 1;
        for (int index = 0; index < _warpCount; index++)
        {
            PtxWarp warp = _warps[index];
            for (int lane = 0; lane < PtxLane.Count && (warp.Existing >> lane & 1) != 0; lane++)
            {
                if ((warp.Exited >> lane & 1) != 0)
                {
                    throw Fault(first, KernelFault.DivergedBarrier, firstLane,
                        $"waits at the barrier, while {Thread(warp, lane)} has ended", "every thread of the block to reach it");
                }

                if (warp.LanePc(lane) != pc)
                {
                    throw Fault(first, KernelFault.Deadlock, firstLane,
                        $"waits at the barrier, while {Thread(warp, lane)} waits at another, {Place(warp.LanePc(lane))}",
                        "all threads at one barrier");
                }
            }
        }

        ((BarrierInstruction)Program.Instructions[pc]).Pass(_warps, _warpCount);
        Shared.Epoch++;
        for (int warp = 0; warp < _warpCount; warp++)
        {
            _warps[warp].LeaveBarrier();
        }

        return true;
    }
}
