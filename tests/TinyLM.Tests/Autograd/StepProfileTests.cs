using Spectre.Console;

namespace TinyLM.Tests;

public class StepProfileTests
{
    [Test]
    public void Every_op_is_counted_with_its_bytes_and_arithmetic([Values("cpu", "interpreted")] string name)
    {
        Device device = TestDevices.Get(name);
        var profile = new StepProfile(warmUpSteps: 1);
        for (int step = 0; step < 3; step++)
        {
            using Tape tape = device.BeginTape(observer: profile);
            Variable x = tape.Input(device.Temporary(4, 6)), weight = tape.Input(device.Temporary(5, 6));
            Elementwise.Fill(x.Value, 1);
            Elementwise.Fill(weight.Value, 1);
            tape.Backward(x.Apply<Silu>().Apply<Silu>().Linear(weight).Sum());
            tape.Report("optimiser", bytes: 100);
        }

        ProfileRow silu = Row(profile, "Silu", ProfilePhase.Forward), linear = Row(profile, "Linear", ProfilePhase.Backward);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(profile.StepCount, Is.EqualTo(2));
            Assert.That((silu.Calls, silu.Bytes), Is.EqualTo((4L, 4 * 2 * 24L * sizeof(float))), "x and y");
            Assert.That((linear.Calls, linear.Flops), Is.EqualTo((2L, 2 * 2 * 2L * 4 * 5 * 6)), "two products");
            Assert.That(linear.Bytes, Is.EqualTo(2 * (20 + 2 * 24 + 2 * 30) * (long)sizeof(float)), "dy, x and dx, w and dw");
            Assert.That(Row(profile, "optimiser", ProfilePhase.Other).Bytes, Is.EqualTo(200));
            Assert.That(profile.Rows.Select(row => row.Seconds), Is.Ordered.Descending.And.All.InRange(0, 60));
            Assert.That(profile.Seconds, Is.EqualTo(profile.Rows.Sum(row => row.Seconds)).Within(1e-9));
        }
    }

    [Test]
    public void Attention_counts_the_pairs_that_see_one_another()
    {
        DocumentOffsets documents = DocumentOffsets.FromLengths(5, 1, 3);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(new AttentionShape(2, 1, 8).ForwardFlops(documents, documents), Is.EqualTo(4 * 16 * (15 + 1 + 6)));
            Assert.That(new AttentionShape(2, 1, 8, Window: 2).ForwardFlops(documents, documents), Is.EqualTo(4 * 16 * (9 + 1 + 5)));
            Assert.That(new AttentionShape(2, 1, 8).ForwardFlops(DocumentOffsets.FromLengths(2, 1, 1), documents), Is.EqualTo(4 * 16 * (4 + 5 + 1 + 3)));
        }
    }

    [Test]
    public void The_table_says_what_bounds_an_op()
    {
        var profile = new StepProfile(warmUpSteps: 0);
        using (Device device = Device.Open("cpu", 1))
        using (Tape tape = device.BeginTape(observer: profile))
        {
            Variable x = tape.Input(device.Temporary(4, 6));
            Elementwise.Fill(x.Value, 1);
            x.Apply<Silu>().Linear(x);
        }

        using var writer = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(writer) });
        console.Profile.Width = 200;
        ProfileTable.Print(console, profile, new DevicePeak(FlopsPerSecond: 1, BytesPerSecond: 1e15));
        string[] lines = writer.ToString().Split('\n');
        using (Assert.EnterMultipleScope())
        {
            Assert.That(lines.Count(line => line.Contains("Silu", StringComparison.Ordinal) && line.Contains("memory", StringComparison.Ordinal)), Is.EqualTo(1));
            Assert.That(lines.Count(line => line.Contains("Linear", StringComparison.Ordinal) && line.Contains("arithmetic", StringComparison.Ordinal)), Is.EqualTo(1));
        }
    }

    [Test]
    public void The_peak_of_a_device_is_measured()
    {
        using Device device = Device.Open("cpu", 1);
        DevicePeak peak = DevicePeak.Measure(device) ?? default;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(peak.FlopsPerSecond, Is.InRange(1e8, 1e12));
            Assert.That(peak.BytesPerSecond, Is.InRange(1e7, 1e12));
            Assert.That(DevicePeak.Measure(TestDevices.Get("interpreted")), Is.Null);
        }
    }

    private static ProfileRow Row(StepProfile profile, string work, ProfilePhase phase) => profile.Rows.Single(row => row.Work == work && row.Phase == phase);
}
