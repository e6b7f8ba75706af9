namespace TinyLM.Tests.Properties;

/// <summary>
/// What a reference expects, and how far from it float32 may be on any draw: 1e-5 of the norm; where terms cancel, what the reference itself moves
/// by when its inputs move in their last seven bits; and where a result vanishes by its own formula (a loss of a sure token, the gradient of a score
/// without rival), 1e-5 of inputs of about 1, or of what flows in.
/// </summary>
internal sealed class Rounding
{
    private const double Shift = 1.0 / (1 << 17);
    private readonly double[] _moved;

    /// <param name="reference">From inputs to results.</param>
    /// <param name="inputs">Its inputs.</param>
    public Rounding(Func<Matrix[], Matrix[]> reference, Matrix[] inputs)
    {
        Expected = reference(inputs);
        var random = new Philox(seed: 1, Philox.Purpose("moved inputs"));
        ulong counter = 0;
        Matrix[] moved = reference(Array.ConvertAll(inputs, input => input.Map(value => value * (1 + Shift * (2 * random.Uniform(counter++) - 1)))));
        _moved = [.. moved.Zip(Expected, (near, expected) => Norm(near.Zip(expected, (left, right) => left - right)))];
    }

    public Matrix[] Expected { get; }

    /// <summary>Asserts that a device's result is the expected one.</summary>
    /// <param name="result">Which.</param>
    /// <param name="seen">On the device.</param>
    /// <param name="name">For the message.</param>
    /// <param name="least">What its norm is at least taken for; that of as many ones unless given.</param>
    public void Check(int result, float[] seen, string name, double? least = null)
    {
        Matrix expected = Expected[result];
        Assert.That(seen, Has.Length.EqualTo(expected.Values.Length), name);
        double distance = Norm(new Matrix(expected.Rows, expected.Columns, seen.Select(value => (double)value)).Zip(expected, (left, right) => left - right));
        double allowed = Comparison.SingleLimit * Math.Max(Norm(expected), least ?? Math.Sqrt(seen.Length)) + _moved[result];
        Assert.That(distance, Is.InRange(0, allowed), $"distance of {name} from the reference, whose norm is {Norm(expected):0.###}");
    }

    public static double Norm(Matrix x) => Math.Sqrt(Reference.SumOfSquares(x)[0, 0]);
}
