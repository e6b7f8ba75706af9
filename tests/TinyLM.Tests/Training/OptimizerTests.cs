namespace TinyLM.Tests;

/// <summary>The optimisers over a whole set of parameters; their kernels are judged among <see cref="KernelCases"/>.</summary>
public class OptimizerTests
{
    private const double LearningRate = 0.05, WeightDecay = 0.1;

    /// <summary>Floats of different lengths, so that there is padding between them; the gain does not decay.</summary>
    private static readonly ParameterShape[] Declared = [new("wide", 5, 9, Decays: true), new("gain", 1, 7, Decays: false), new("tall", 8, 3, Decays: true, IsHidden: true)];

    [Test]
    public void The_gradient_norm_is_that_of_all_gradients_as_one_vector([ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device)
    {
        ParameterSet parameters = Create(device);
        using Tape tape = parameters.Device.BeginTape();
        Matrix[] gradients = SetGradients(tape, parameters, seed: 1, count: 2);
        double expected = Norm(gradients);
        Elementwise.Fill(parameters["tall"].Gradient, float.NaN);
        Assert.That(parameters.GradientNorm(), Is.EqualTo(expected).Within(1e-6 * expected), "what no backward pass has reached counts as 0");
    }

    [TestCase(2, 4, 1)]
    [TestCase(4, 4, 1)]
    [TestCase(8, 4, 0.5)]
    public void Only_a_norm_above_the_limit_is_clipped_to_it(double norm, double limit, double scale) =>
        Assert.That(ParameterSet.ClipScale(norm, limit), Is.EqualTo(scale));

    [Test]
    public void Sgd_moves_all_parameters_by_clipped_gradients_and_decays_matrices_alone([Values(0, 0.9)] double momentum)
    {
        ParameterSet parameters = Create("cpu");
        var rule = new SgdRule(momentum, Nesterov: momentum > 0);
        var optimizer = new SgdOptimizer(parameters, rule);
        Matrix[] values = Values(parameters), buffers = Array.ConvertAll(values, value => value.Map(_ => 0));
        for (int step = 0; step < 3; step++)
        {
            Matrix[] gradients = Step(parameters, step, clip => optimizer.Step(LearningRate, WeightDecay, clip));
            for (int i = 0; i < values.Length; i++)
            {
                Matrix[] next = Reference.Sgd(values[i], gradients[i], buffers[i], rule, LearningRate, DecayOf(i), gradientScale: 0.5);
                (values[i], buffers[i]) = (next[0], next[1]);
            }
        }

        AssertClose(parameters, values);
    }

    [Test]
    public void Muon_moves_the_matrices_that_it_is_given_and_AdamW_all_else()
    {
        ParameterSet parameters = Create("cpu");
        MuonRule rule = new();
        AdamWRule otherRule = new();
        var optimizer = new MuonOptimizer(parameters, rule, otherRule, rateRatio: 5);
        Matrix[] values = Values(parameters), first = Array.ConvertAll(values, value => value.Map(_ => 0)), second = Array.ConvertAll(first, zeros => zeros.Clone());
        for (int step = 0; step < 3; step++)
        {
            Matrix[] gradients = Step(parameters, step, clip => optimizer.Step(0.2 * LearningRate, WeightDecay, clip));
            for (int i = 0; i < values.Length; i++)
            {
                Matrix[] next = Declared[i].Name == "tall"
                    ? [.. Reference.Muon(values[i], gradients[i], first[i], second[i], rule, step + 1, LearningRate, DecayOf(i), gradientScale: 0.5)[..2], second[i]]
                    : Reference.AdamW(values[i], gradients[i], first[i], second[i], otherRule, step + 1, 0.2 * LearningRate, DecayOf(i), gradientScale: 0.5);
                (values[i], first[i], second[i]) = (next[0], next[1], next[2]);
            }
        }

        AssertClose(parameters, values);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(optimizer.StepCount, Is.EqualTo(3));
            Assert.That(optimizer.State.Select(state => state.Name), Is.EqualTo(new[] { "wide.first", "wide.second", "gain.first", "gain.second", "tall.momentum" }));
            Assert.That(Comparison.RelativeError(optimizer.State[4].Value.ToArray(), first[2]), Is.InRange(0, Comparison.SingleLimit));
            Assert.That(Comparison.RelativeError(optimizer.State[3].Value.ToArray(), second[1]), Is.InRange(0, Comparison.SingleLimit));
        }
    }

    /// <summary>
    /// U·S·Vᵀ becomes U·f(S)·Vᵀ, f being the five quintics one after the other: for Jordan's set it lies in [0.68, 1.16] from 0.005 of the norm on,
    /// for the other in [0.85, 1.15].
    /// </summary>
    [Test]
    public void Orthogonalising_brings_singular_values_near_one(
        [ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string name, [Values] bool isTall, [Values] bool jordan)
    {
        const int size = 12, length = 20;
        NewtonSchulzRule rule = jordan ? NewtonSchulzRule.Jordan : NewtonSchulzRule.PolarExpress;
        double[] spectrum = [.. Enumerable.Range(0, size).Select(i => Math.Pow(10, -2.0 * i / (size - 1)))];
        double norm = Math.Sqrt(spectrum.Sum(value => value * value));
        Matrix left = Orthonormal(size, size, seed: 1), right = Orthonormal(size, length, seed: 2);
        var scaled = new Matrix(size, length, right.Values.Select((value, i) => value * spectrum[i / length]));
        Matrix x = isTall ? Reference.Product(scaled, true, left, true) : Reference.Product(left, false, scaled, false);
        Device device = TestDevices.Get(name);
        using Tape tape = device.BeginTape();
        Tensor tensor = OpRun.Place(tape, x, "x");
        NewtonSchulz.Orthogonalize(tensor, tensor, rule);
        var y = new Matrix(x.Rows, x.Columns, tensor.ToArray().Select(value => (double)value));
        Matrix inside = isTall ? Reference.Product(right, false, Reference.Product(y, false, left, false), false) : Reference.Product(left, true, Reference.Product(y, false, right, true), false);
        using (Assert.EnterMultipleScope())
        {
            for (int i = 0; i < size; i++)
            {
                double value = spectrum[i] / (rule.Margin * norm);
                Assert.That(inside[i, i], jordan ? Is.InRange(0.68, 1.16) : Is.InRange(0.85, 1.15), $"of {value:g3}");
                Assert.That(inside[i, i], Is.EqualTo(rule.Steps.Aggregate(value, Quintic)).Within(1e-4), $"of {value:g3}");
                inside[i, i] = 0;
            }

            Assert.That(Math.Sqrt(Reference.SumOfSquares(inside)[0, 0]), Is.InRange(0, 1e-3), "singular vectors stay");
        }
    }

    [Test]
    public void Orthogonalising_zeros_gives_zeros()
    {
        Device device = TestDevices.Get("cpu");
        using Tape tape = device.BeginTape();
        Tensor x = tape.Allocate(5, 3);
        Elementwise.Fill(x, 0);
        NewtonSchulz.Orthogonalize(x, x, NewtonSchulzRule.Jordan);
        Assert.That(x.ToArray(), Is.All.Zero);
    }

    [Test]
    public void A_steady_step_allocates_nothing([Values] bool muon)
    {
        ParameterSet parameters = Create("cpu");
        var sgd = new SgdOptimizer(parameters, new SgdRule());
        var other = new MuonOptimizer(parameters, MuonConfig.Slowrun.Rule, new AdamWRule(), rateRatio: 1);
        var weights = new BFloat16Weights(parameters);
        for (int i = 0; i < 3; i++)
        {
            OneStep();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        OneStep();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);

        void OneStep()
        {
            using Tape tape = parameters.Device.BeginTape();
            _ = muon ? other.Step(0.1, 0.1, 1) : sgd.Step(0.1, 0.1, 1);
            weights.Refresh();
        }
    }

    private static double Quintic(double value, (double A, double B, double C) step) =>
        step.A * value + step.B * Math.Pow(value, 3) + step.C * Math.Pow(value, 5);

    /// <summary>Rows of length 1, at right angles to each other: Gram and Schmidt on random ones.</summary>
    private static Matrix Orthonormal(int rows, int columns, ulong seed)
    {
        var random = new Philox(seed, Philox.Purpose("orthonormal"));
        var q = new Matrix(rows, columns, Enumerable.Range(0, rows * columns).Select(i => (double)random.Normal((ulong)i)));
        for (int row = 0; row < rows; row++)
        {
            for (int other = 0; other < row; other++)
            {
                double along = Enumerable.Range(0, columns).Sum(column => q[row, column] * q[other, column]);
                for (int column = 0; column < columns; column++)
                {
                    q[row, column] -= along * q[other, column];
                }
            }

            double norm = Math.Sqrt(Enumerable.Range(0, columns).Sum(column => q[row, column] * q[row, column]));
            for (int column = 0; column < columns; column++)
            {
                q[row, column] /= norm;
            }
        }

        return q;
    }

    private static ParameterSet Create(string device)
    {
        var parameters = new ParameterSet(TestDevices.Get(device), Declared);
        for (int i = 0; i < parameters.All.Count; i++)
        {
            parameters.All[i].Value.CopyFrom(new OpInput("value", Declared[i].Rows, Declared[i].Columns).Values(Declared[i].Name).ToFloats());
        }

        return parameters;
    }

    /// <summary>One step with random gradients, whose norm is twice the limit.</summary>
    private static Matrix[] Step(ParameterSet parameters, int seed, Func<double, double> step)
    {
        using Tape tape = parameters.Device.BeginTape();
        Matrix[] gradients = SetGradients(tape, parameters, seed, parameters.All.Count);
        double norm = Norm(gradients);
        Assert.That(step(norm / 2), Is.EqualTo(norm).Within(1e-6 * norm));
        parameters.ClearGradients();
        return gradients;
    }

    private static Matrix[] SetGradients(Tape tape, ParameterSet parameters, int seed, int count)
    {
        var gradients = new Matrix[count];
        for (int i = 0; i < count; i++)
        {
            Parameter parameter = parameters.All[i];
            gradients[i] = new OpInput($"gradient {seed}", parameter.Rows, parameter.Columns).Values(parameter.Name);
            tape.Backward(tape.Use(parameter), OpRun.Place(tape, gradients[i], "gradient"));
        }

        return gradients;
    }

    private static double Norm(Matrix[] gradients) => Math.Sqrt(gradients.Sum(gradient => Reference.SumOfSquares(gradient)[0, 0]));

    private static Matrix[] Values(ParameterSet parameters) =>
        [.. parameters.All.Select(parameter => new Matrix(parameter.Rows, parameter.Columns, parameter.Value.ToArray().Select(value => (double)value)))];

    private static double DecayOf(int parameter) => Declared[parameter].Decays ? WeightDecay : 0;

    private static void AssertClose(ParameterSet parameters, Matrix[] expected)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.That(Comparison.RelativeError(parameters.All[i].Value.ToArray(), expected[i]), Is.InRange(0, Comparison.SingleLimit), Declared[i].Name);
        }
    }
}
