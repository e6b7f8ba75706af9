using System.Diagnostics;

namespace TinyLM;

/// <summary>Where a step's time went to.</summary>
public enum ProfilePhase
{
    Forward,
    Backward,

    /// <summary>Work that is no op: the optimiser, and what lies between.</summary>
    Other,
}

/// <summary>What one kind of op cost in all profiled steps.</summary>
/// <param name="Work">The op's name.</param>
/// <param name="Phase">Its forward or its backward pass.</param>
/// <param name="Calls">How often it ran.</param>
/// <param name="Seconds">From the end of what ran before it to its own end.</param>
/// <param name="Bytes">The least that it must read and write: operands, results and their gradients, each once.</param>
/// <param name="Flops">0 where arithmetic is not what the op is about.</param>
public readonly record struct ProfileRow(string Work, ProfilePhase Phase, long Calls, double Seconds, long Bytes, long Flops);

/// <summary>
/// Times every op of the steps whose tapes it observes: <c>using Tape tape = device.BeginTape(observer: profile);</c> Each op is waited for, so on a GPU
/// kernels no longer overlap with their launches.
/// <remarks>torch.profiler</remarks>
/// </summary>
/// <param name="warmUpSteps">The first steps, which compile and allocate, are left out.</param>
public sealed class StepProfile(int warmUpSteps = 3) : ITapeObserver
{
    private const string BetweenSteps = "between the steps";
    private const string RestOfStep = "rest of the step";
    private readonly Dictionary<(string Work, ProfilePhase Phase), ProfileRow> _rows = [];
    private Device? _device;
    private int _steps;
    private long _mark;
    private bool _counts;

    /// <summary>Steps that count.</summary>
    public int StepCount => Math.Max(0, _steps - warmUpSteps);

    /// <summary>The time of all of them, and between them.</summary>
    public double Seconds => _rows.Values.Sum(row => row.Seconds);

    /// <summary>The most expensive first.</summary>
    public IReadOnlyList<ProfileRow> Rows => [.. _rows.Values.OrderByDescending(row => row.Seconds)];

    void ITapeObserver.Begin(Device device, long step)
    {
        _device = device;
        if (_counts)
        {
            Add(BetweenSteps, ProfilePhase.Other, 0, 0);
        }

        _counts = _steps++ >= warmUpSteps;
        _mark = Stopwatch.GetTimestamp();
    }

    void ITapeObserver.Leaf(Tensor value, Parameter? parameter)
    {
        // Nothing runs.
    }

    void ITapeObserver.Forward(string operation, Tensor result, long operandBytes, long flops) =>
        Add(operation, ProfilePhase.Forward, operandBytes + result.Length * sizeof(float), flops);

    void ITapeObserver.Backward(string operation, Tensor gradient, ReadOnlySpan<WrittenGradient> written, long flops)
    {
        long length = gradient.Length;
        foreach (ref readonly WrittenGradient operand in written)
        {
            length += operand.Value.Length + operand.Gradient.Length;
        }

        Add(operation, ProfilePhase.Backward, length * sizeof(float), flops);
    }

    void ITapeObserver.Work(string work, long bytes) => Add(work, ProfilePhase.Other, bytes, 0);

    void ITapeObserver.End() => Add(RestOfStep, ProfilePhase.Other, 0, 0);

    private void Add(string work, ProfilePhase phase, long bytes, long flops)
    {
        _device!.Synchronize();
        long now = Stopwatch.GetTimestamp();
        if (_counts)
        {
            ProfileRow row = _rows.GetValueOrDefault((work, phase));
            double seconds = row.Seconds + Stopwatch.GetElapsedTime(_mark, now).TotalSeconds;
            _rows[(work, phase)] = new ProfileRow(work, phase, row.Calls + 1, seconds, row.Bytes + bytes, row.Flops + flops);
        }

        _mark = now;
    }
}
