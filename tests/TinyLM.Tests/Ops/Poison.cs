namespace TinyLM.Tests;

/// <summary>Fills the arena with NaN, so that an element that a kernel forgets, or reads without right, shows in the result.</summary>
public static class Poison
{
    private const int Length = 3 << 18;
    private static readonly float[] NaNs = Enumerable.Repeat(float.NaN, Length).ToArray();

    /// <summary>Begins a step whose memory, all of it, is NaN.</summary>
    public static Tape BeginPoisonedTape(this Device device)
    {
        // Once more where a large request added a block: the end of that step merges the blocks into a new one.
        long held;
        do
        {
            held = device.AllocatedBytes;
            using Tape tape = device.BeginTape();
            tape.Allocate(1, Length).CopyFrom(NaNs);
        }
        while (device.AllocatedBytes != held);

        return device.BeginTape();
    }

    /// <summary>Fails where the step that has just begun is not poisoned, or one before it used more memory than is.</summary>
    public static void AssertPoisoned(this Tape tape)
    {
        Assert.That(tape.Allocate(1, 1).ToScalar(), Is.NaN, "fresh memory of the step");
        Assert.That(tape.Device.Arena.PeakBytes, Is.LessThanOrEqualTo(Length * sizeof(float)), "a step used more memory than was poisoned");
    }
}
