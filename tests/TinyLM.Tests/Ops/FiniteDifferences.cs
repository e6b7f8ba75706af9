namespace TinyLM.Tests;

/// <summary>Central differences of the reference, in double: what its hand-derived gradients are held to.</summary>
public static class FiniteDifferences
{
    private const double Step = 1e-5;

    /// <summary>Of an input with more elements, this many are drawn: the reference is slow, and a wrong formula shows in any few.</summary>
    private const int MostElements = 96;

    /// <summary>How many derivatives have been taken.</summary>
    public static int DerivativeCount { get; private set; }

    /// <summary>The error of the reference's gradient of each input, relative to the norm over the elements that were moved.</summary>
    public static double[] Errors(OpCase @case, Func<Matrix[], Matrix, Matrix[]> gradient)
    {
        Matrix[] inputs = @case.Values();
        Matrix dy = @case.Upstream("dy", @case.Forward(inputs));
        Matrix[] claimed = gradient(inputs, dy);
        var errors = new double[inputs.Length];
        for (int input = 0; input < inputs.Length; input++)
        {
            int[] elements = Elements(inputs[input].Values.Length);
            double[] expected = Array.ConvertAll(elements, element => Derivative(@case, inputs, dy, ref inputs[input].Values[element]));
            errors[input] = Comparison.RelativeError(Array.ConvertAll(elements, element => claimed[input].Values[element]), expected);
        }

        return errors;
    }

    private static double Derivative(OpCase @case, Matrix[] inputs, Matrix dy, ref double element)
    {
        DerivativeCount++;
        double center = element;
        element = center + Step;
        Matrix above = @case.Forward(inputs);
        element = center - Step;
        Matrix below = @case.Forward(inputs);
        element = center;

        // The difference comes before the sum: what did not move adds no rounding.
        return above.Zip(below, (left, right) => left - right).Zip(dy, (change, weight) => change * weight).Values.Sum() / (2 * Step);
    }

    private static int[] Elements(int count)
    {
        int[] all = new Philox(seed: 3, Philox.Purpose("elements")).Permutation(count);
        return all[..Math.Min(count, MostElements)];
    }
}
