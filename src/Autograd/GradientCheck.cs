namespace TinyLM;

/// <summary>The comparison of one input's gradient: ‖automatic - numeric‖ / ‖numeric‖.</summary>
/// <param name="Input">Name of the input.</param>
/// <param name="Elements">How many of its elements were moved.</param>
/// <param name="RelativeError">The error of the whole gradient, relative to its norm.</param>
/// <param name="Limit">The most that it may be.</param>
public sealed record GradientCheckRow(string Input, int Elements, double RelativeError, double Limit)
{
    public bool Passed => RelativeError <= Limit;
}

/// <summary>
/// Compares gradients of the tape with finite differences, on any device; for the tests of your own ops. A function of inputs gives a
/// result of any shape; its elements, weighted at random, make a scalar; each element of each input is moved by ±h and ±2h.
/// </summary>
/// <remarks>
/// Values are float32, so the differences are good to about 1e-3 of the gradient's norm: enough to catch a wrong sign, a missing
/// term or an index off by one. Keep inputs of order 1, small, and away from kinks.
/// </remarks>
public static class GradientCheck
{
    /// <summary>A limit that float32 differences keep and a wrong gradient does not.</summary>
    public const double DefaultLimit = 5e-3;

    private const float Step = 1f / 64;

    /// <summary>Checks the gradient of every input.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="function">From the tape and the inputs to a result of any shape.</param>
    /// <param name="inputs">Name and values [rows, columns] of each input.</param>
    /// <param name="seed">Of the random weights of the result's elements.</param>
    /// <param name="limit">The most that the relative error may be.</param>
    public static IReadOnlyList<GradientCheckRow> Run(
        Device device, Func<Tape, Variable[], Variable> function, IReadOnlyList<(string Name, float[,] Values)> inputs, ulong seed = 0, double limit = DefaultLimit)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(inputs);
        float[][] values = [.. inputs.Select(input => input.Values.Cast<float>().ToArray())];
        float[] weights = [];
        var automatic = new float[inputs.Count][];
        using (Tape tape = device.BeginTape())
        {
            Variable[] variables = Place(tape, inputs, values);
            Variable result = function(tape, variables);
            var random = new Philox(seed, Philox.Purpose("gradient check"));
            weights = [.. Enumerable.Range(0, (int)result.Value.Length).Select(i => (float)(random.Uniform((ulong)i) * 2 - 1))];
            Tensor gradient = tape.Allocate(result.Rows, result.Columns);
            gradient.CopyFrom(weights);
            tape.Backward(result, gradient);
            for (int i = 0; i < automatic.Length; i++)
            {
                automatic[i] = variables[i].Gradient.IsNone ? new float[values[i].Length] : variables[i].Gradient.ToArray();
            }
        }

        var rows = new List<GradientCheckRow>();
        for (int input = 0; input < values.Length; input++)
        {
            double difference = 0, norm = 0;
            for (int element = 0; element < values[input].Length; element++)
            {
                double numeric = Derivative(device, function, inputs, values, weights, ref values[input][element]);
                difference += Math.Pow(automatic[input][element] - numeric, 2);
                norm += numeric * numeric;
            }

            double error = difference == 0 ? 0 : Math.Sqrt(difference / Math.Max(norm, 1e-12));
            rows.Add(new GradientCheckRow(inputs[input].Name, values[input].Length, error, limit));
        }

        return rows;
    }

    /// <summary>The five-point rule: an error of the fourth order in the step, which may so be large enough for float32.</summary>
    private static double Derivative(
        Device device, Func<Tape, Variable[], Variable> function, IReadOnlyList<(string Name, float[,] Values)> inputs, float[][] values, float[] weights, ref float element)
    {
        float center = element;
        Span<double> at = stackalloc double[4];
        ReadOnlySpan<int> moves = [-2, -1, 1, 2];
        for (int i = 0; i < moves.Length; i++)
        {
            element = center + moves[i] * Step;
            at[i] = Evaluate(device, function, inputs, values, weights);
        }

        element = center;
        return (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * (double)Step);
    }

    private static double Evaluate(
        Device device, Func<Tape, Variable[], Variable> function, IReadOnlyList<(string Name, float[,] Values)> inputs, float[][] values, float[] weights)
    {
        using Tape tape = device.BeginTape(gradients: false);
        float[] result = function(tape, Place(tape, inputs, values)).Value.ToArray();
        double sum = 0;
        for (int i = 0; i < result.Length; i++)
        {
            sum += (double)result[i] * weights[i];
        }

        return sum;
    }

    private static Variable[] Place(Tape tape, IReadOnlyList<(string Name, float[,] Values)> inputs, float[][] values)
    {
        var variables = new Variable[inputs.Count];
        for (int i = 0; i < variables.Length; i++)
        {
            Tensor tensor = tape.Device.Temporary(inputs[i].Values.GetLength(0), inputs[i].Values.GetLength(1), inputs[i].Name);
            tensor.CopyFrom(values[i]);
            variables[i] = tape.Input(tensor);
        }

        return variables;
    }
}
