namespace TinyLM.Tests;

/// <summary>A case's result and gradients on a device, from memory that was poisoned before.</summary>
public sealed record OpRun(float[] Result, float[][] Gradients)
{
    /// <summary>y = f(x), with dy given.</summary>
    public static OpRun Once(OpCase @case, Device device, Matrix[] inputs, Matrix dy) => Run(@case, device, inputs, dy, @case.Function);

    /// <summary>y = f(x) + weights · f(x): every input is used twice, and its gradient is the sum of two.</summary>
    public static OpRun Twice(OpCase @case, Device device, Matrix[] inputs, Matrix dy, Matrix weights) =>
        Run(@case, device, inputs, dy, (tape, variables) =>
        {
            Variable factor = tape.Constant(Place(tape, weights, "weights"));
            return @case.Function(tape, variables).Apply<Add>(@case.Function(tape, variables).Apply<Multiply>(factor));
        });

    private static OpRun Run(OpCase @case, Device device, Matrix[] inputs, Matrix dy, Func<Tape, Variable[], Variable> function)
    {
        using Tape tape = device.BeginPoisonedTape();
        tape.AssertPoisoned();
        var variables = new Variable[inputs.Length];
        for (int i = 0; i < variables.Length; i++)
        {
            variables[i] = tape.Input(Place(tape, inputs[i], @case.Inputs[i].Name));
        }

        Variable result = function(tape, variables);
        float[] value = result.Value.ToArray();
        Tensor gradient = Place(tape, dy, "dy");
        tape.Backward(result, gradient);
        Assert.That(gradient.ToArray().AsSpan().SequenceEqual(dy.ToFloats()), Is.True, $"{@case}: the given gradient was written to");
        float[][] gradients = Array.ConvertAll(variables, variable => variable.Gradient.ToArray());
        return new OpRun(value, gradients);
    }

    internal static Tensor Place(Tape tape, Matrix values, string name)
    {
        Tensor tensor = tape.Device.Temporary(values.Rows, values.Columns, name);
        tensor.CopyFrom(values.ToFloats());
        return tensor;
    }
}
