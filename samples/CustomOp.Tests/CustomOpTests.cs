using NUnit.Framework;
using TinyLM;

namespace CustomOp.Tests;

/// <summary>What an op of one's own is held to: finite differences for its gradients, plain loops for its kernels.</summary>
[TestFixture("cpu")]
[TestFixture("interpreted")]
public sealed class CustomOpTests(string name) : IDisposable
{
    private readonly Device _device = Device.Open(name);

    public void Dispose() => _device.Dispose();

    [Test]
    public void The_gradient_of_mish_agrees_with_finite_differences()
    {
        IReadOnlyList<GradientCheckRow> rows = GradientCheck.Run(_device, (_, v) => v[0].Apply<Mish>(), [("x", Values(5, 7, seed: 1))]);
        Assert.That(rows, Has.All.Property(nameof(GradientCheckRow.Passed)).True);
    }

    [Test]
    public void The_gradients_of_squared_distances_agree_with_finite_differences()
    {
        IReadOnlyList<GradientCheckRow> rows = GradientCheck.Run(
            _device, (_, v) => v[0].SquaredDistances(v[1]), [("x", Values(3, 5, seed: 1)), ("c", Values(4, 5, seed: 2))]);
        Assert.That(rows, Has.All.Property(nameof(GradientCheckRow.Passed)).True);
    }

    [Test]
    public void A_matrix_may_be_both_operands()
    {
        IReadOnlyList<GradientCheckRow> rows = GradientCheck.Run(_device, (_, v) => v[0].SquaredDistances(v[0]), [("x", Values(3, 4, seed: 1))]);
        Assert.That(rows, Has.All.Property(nameof(GradientCheckRow.Passed)).True);
    }

    [Test]
    public void Each_kernel_agrees_with_plain_loops(
        [Values] Rung rung, [Values(1, 7, 33)] int rows, [Values(1, 9, 20)] int centers, [Values(1, 16, 37)] int columns) =>
        Assert.That(Ladder.Error(_device, rung, rows, centers, columns), Is.InRange(0, Ladder.Limit(rung)));

    [Test]
    public void Wrong_shapes_are_one_clear_line()
    {
        using Tape tape = _device.BeginTape();
        Variable x = tape.Input(tape.Allocate(3, 5)), c = tape.Input(tape.Allocate(4, 6));
        Assert.That(() => x.SquaredDistances(c), Throws.ArgumentException.With.Message.EqualTo("Distances: c is a tensor [4, 6], expected [4, 5]."));
    }

    private static float[,] Values(int rows, int columns, ulong seed)
    {
        var random = new Philox(seed, Philox.Purpose("custom op"));
        var values = new float[rows, columns];
        for (int i = 0; i < values.Length; i++)
        {
            values[i / columns, i % columns] = (float)random.Normal((ulong)i);
        }

        return values;
    }
}
