namespace TinyLM.Tests;

/// <summary>Every op refuses an operand of a step that has ended, or of another device, and says so: no wrong memory is ever read.</summary>
public class OperandTests
{
    public static IEnumerable<OpCase> Small => OpCases.All.Where(@case => !@case.IsLarge).GroupBy(@case => @case.Op).Select(group => group.First());

    public static IEnumerable<OpCase> SmallOfTwo => Small.Where(@case => @case.Inputs.Length > 1);

    [Test]
    public void A_variable_whose_step_has_ended_is_refused([ValueSource(nameof(Small))] OpCase @case)
    {
        Device device = TestDevices.Get("cpu");
        Variable[] ended;
        using (Tape first = device.BeginTape())
        {
            ended = Place(first, @case);
        }

        using Tape tape = device.BeginTape();
        Assert.That(() => @case.Function(tape, ended), Throws.InvalidOperationException.With.Message.Contains("whose tape has been disposed"));
    }

    [Test]
    public void A_tensor_whose_step_has_ended_is_refused([Values("cpu", "interpreted")] string name, [ValueSource(nameof(Small))] OpCase @case)
    {
        Device device = TestDevices.Get(name);
        Tensor[] ended;
        using (Tape first = device.BeginTape())
        {
            ended = Array.ConvertAll(Place(first, @case), variable => variable.Value);
        }

        using Tape tape = device.BeginTape();
        Variable[] variables = Array.ConvertAll(ended, tape.Input);
        Assert.That(() => @case.Function(tape, variables).Value.ToArray(), Throws.InvalidOperationException.With.Message.Contains("which has ended"));
    }

    [Test]
    public void An_operand_of_another_device_is_refused([Values("cpu", "interpreted")] string name, [ValueSource(nameof(SmallOfTwo))] OpCase @case)
    {
        using Device other = Device.Open(name == "cpu" ? "interpreted" : "cpu", name == "cpu" ? 0 : 1);
        using Tape tape = TestDevices.Get(name).BeginTape(), otherTape = other.BeginTape();
        Variable[] variables = [.. Place(tape, @case)[..^1], Place(otherTape, @case)[^1]];
        Assert.That(
            () => @case.Function(tape, variables),
            Throws.ArgumentException.With.Message.Contains("another device").Or.Message.Contains("different devices").Or.Message.Contains("two tapes"));
    }

    private static Variable[] Place(Tape tape, OpCase @case) =>
        [.. @case.Values().Zip(@case.Inputs, (values, input) => tape.Input(OpRun.Place(tape, values, input.Name)))];
}
