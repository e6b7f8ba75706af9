using Spectre.Console;
using TinyLM;

namespace CustomOp;

/// <summary>A few steps that use both ops, forward and backward, and where their time goes.</summary>
public static class ProfiledSteps
{
    private const int Steps = 13;

    public static void Print(Device device, int size, IAnsiConsole console)
    {
        ArgumentNullException.ThrowIfNull(device);
        var profile = new StepProfile();
        for (int step = 0; step < Steps; step++)
        {
            using Tape tape = device.BeginTape(observer: profile);
            Variable x = tape.Input(Ladder.Random(device, size, size, "x")), c = tape.Input(Ladder.Random(device, size, size, "c"));
            tape.Backward(x.SquaredDistances(c).Apply<Mish>().Sum());
        }

        ProfileTable.Print(console, profile, DevicePeak.Measure(device));
    }
}
