using CsCheck;

namespace TinyLM.Tests.Properties;

/// <summary>What holds of an op whatever its input, known without any reference.</summary>
[Category("Properties")]
public class InvariantProperties
{
    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Names))]
    public void Probabilities_of_a_row_add_up_to_1_and_stay_when_a_constant_is_added(string device) =>
        Property.Holds(device, 100, Shaped(device, Gen.Int[-60, 60]), draw =>
        {
            var (rows, columns, shift) = draw;
            OpCase @case = OpCases.Softmax(logarithm: false, rows, columns);

            // In steps of 1/1024, so that the sum with a whole number is exact.
            Matrix x = @case.Values()[0].Map(value => Math.Round(value * 1024) / 1024);
            float[] y = Result(@case, device, x), shifted = Result(@case, device, x.Map(value => value + shift));
            Assert.That(Comparison.RelativeError(shifted, new Matrix(rows, columns, y.Select(value => (double)value))), Is.InRange(0, Comparison.SingleLimit));
            Assert.That(y, Is.All.InRange(0f, 1f + 1e-6f));
            Assert.That(y.Chunk(columns).Select(row => row.Sum(value => (double)value)), Is.All.EqualTo(1).Within(1e-5));
            double[] exponentials = [.. Result(OpCases.Softmax(logarithm: true, rows, columns), device, x).Select(value => Math.Exp(value))];
            Assert.That(Comparison.RelativeError(y, new Matrix(rows, columns, exponentials)), Is.InRange(0, Comparison.SingleLimit));
        });

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Names))]
    public void Turning_back_undoes_a_turn_and_a_turn_keeps_the_norm_of_every_pair(string device) =>
        Property.Holds(device, 80, Gen.Select(Draws.Lengths(Draws.Largest(device)), Gen.Int[1, 4], Gen.Int[1, 20], Gen.Int[0, 9]), draw =>
        {
            var (lengths, heads, half, unturned) = draw;
            OpCase @case = OpCases.Rotary(lengths, heads, 2 * half, unturned);
            Matrix x = @case.Values()[0];

            // The gradient of a turn is the turn back.
            float[] y = Result(@case, device, x);
            var turned = new Matrix(x.Rows, x.Columns, y.Select(value => (double)value));
            Assert.That(Comparison.RelativeError(OpRun.Once(@case, TestDevices.Get(device), [x], turned).Gradients[0], x), Is.InRange(0, 1e-6));
            for (int row = 0; row < x.Rows; row++)
            {
                for (int column = 0; column < heads * 2 * half; column += column % (2 * half) == half - 1 ? half + 1 : 1)
                {
                    double expected = double.Hypot(x[row, column], x[row, column + half]);
                    Assert.That(double.Hypot(turned[row, column], turned[row, column + half]), Is.EqualTo(expected).Within(1e-6 * expected + 1e-9), $"row {row}, column {column}");
                }

                for (int column = heads * 2 * half; column < x.Columns; column++)
                {
                    Assert.That(turned[row, column], Is.EqualTo(x[row, column]), "an unturned column");
                }
            }
        });

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Names))]
    public void A_token_without_target_has_no_loss_and_gives_no_gradient(string device) =>
        Property.Holds(device, 80, Gen.Select(Draws.Size(Draws.Largest(device)), Draws.Size(60), Draws.LossOptions, Gen.Int[0, 1 << 20]), draw =>
        {
            var (tokens, vocabulary, options, mask) = draw;
            int[] targets = [.. Enumerable.Range(0, tokens).Select(token => (mask >> token % 20 & 1) != 0 ? token % vocabulary : CrossEntropy.NoTarget)];
            OpRun run = Once(
                OpCases.CrossEntropy(tokens, vocabulary, options) with { Function = (tape, v) => v[0].CrossEntropy(tape.Device.TemporaryIndices(targets), options) }, device);
            for (int token = 0; token < tokens; token++)
            {
                if (targets[token] == CrossEntropy.NoTarget)
                {
                    Assert.That(run.Result[token], Is.Zero, $"the loss of token {token}");
                    Assert.That(run.Gradients[0][(token * vocabulary)..((token + 1) * vocabulary)], Is.All.Zero, $"the gradient of token {token}");
                }
            }
        });

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Names))]
    public void The_loss_with_the_heads_product_is_that_of_the_product(string device) =>
        Property.Holds(
            device, 60, Gen.Select(Shaped(device, Draws.Size(40)), Draws.LossOptions, Draws.Values), draw =>
            {
                var ((tokens, vocabulary, width), options, ids) = draw;
                int[] targets = OpCases.Indices(tokens, CrossEntropy.NoTarget, vocabulary, ids);
                RandomCases.Agrees(
                    OpCases.LinearCrossEntropy(tokens, width, vocabulary, options, sum: false, draw: ids) with
                    {
                        Function = (tape, v) => v[0].Linear(v[1]).CrossEntropy(tape.Device.TemporaryIndices(targets), options),
                    },
                    device);
            });

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Names))]
    public void Rows_that_are_scattered_are_gathered_again(string device) =>
        Property.Holds(device, 60, Shaped(device, Gen.Int[0, 30]), draw =>
        {
            var (tokens, columns, more) = draw;
            int rows = tokens + more;
            int[] ids = new Philox(seed: (ulong)more, Philox.Purpose("rows")).Permutation(rows)[..tokens];
            CheckIdentity(device, tokens, columns, (tape, v) =>
                v.ScatterRows(tape.Device.TemporaryIndices(ids), rows).Embedding(tape.Device.TemporaryIndices(ids)));
        });

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Names))]
    public void What_is_appended_is_cut_off_again(string device) =>
        Property.Holds(device, 60, Shaped(device, Draws.Size(30)), draw =>
        {
            var (rows, columns, more) = draw;
            CheckIdentity(device, rows, columns, (tape, v) =>
                v.AppendRows(Zeros(tape, more, columns)).AppendColumns(Zeros(tape, rows + more, more)).ColumnRange(0, columns).RowRange(0, rows));
            CheckIdentity(device, rows, columns, (tape, v) =>
                Zeros(tape, rows, more).AppendColumns(v).ColumnRange(more, columns));
            CheckIdentity(device, rows, columns, (tape, v) =>
                Zeros(tape, more, columns).AppendRows(v).RowRange(more, rows));

            static Variable Zeros(Tape tape, int rows, int columns)
            {
                Tensor zeros = tape.Allocate(rows, columns);
                Elementwise.Fill(zeros, 0);
                return tape.Constant(zeros);
            }
        });

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Names))]
    public void The_same_elements_are_dropped_whatever_the_device_and_however_the_work_is_split(string device) =>
        Property.Holds(device, 60, Gen.Select(Gen.Int[1, 12], Draws.Size(Draws.Largest(device)), Gen.Int[0, 19]), draw =>
        {
            var (rows, columns, parts) = draw;
            OpCase @case = OpCases.Dropout(rows, 4 * columns, parts / 20.0);
            Matrix x = @case.Values()[0];
            var random = new Philox(seed: 5, Philox.Purpose("dropout"));
            float[] whole = Result(@case, device, x);
            Assert.That(Result(@case, "cpu", x), Is.EqualTo(whole), "on the CPU");

            // A counter serves four elements, so a row of 4·n elements begins n counters after the one before.
            OpCase rowByRow = @case with
            {
                Function = (_, v) => Enumerable.Range(0, rows).Select(row => v[0].RowRange(row, 1).Dropout(parts / 20.0, random, (1UL << 33) + (ulong)(row * columns)))
                    .Aggregate((above, below) => above.AppendRows(below)),
            };
            Assert.That(Result(rowByRow, device, x), Is.EqualTo(whole), "row by row");
        });

    /// <summary>Beyond the few rows that take a way of their own.</summary>
    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Names))]
    public void A_row_of_a_product_has_the_same_bits_whatever_the_other_rows_are(string device) =>
        Property.Holds(
            device, 60, Gen.Select(Draws.Size(60, MatMul.FewRows + 1), Gen.Int[0, 20], Shaped(device, Gen.Int[0, 20])), draw =>
            {
                var (count, above, (inputs, outputs, below)) = draw;
                OpCase whole = OpCases.Linear(above + count + below, inputs, outputs), part = OpCases.Linear(count, inputs, outputs);
                Matrix[] operands = whole.Values();
                float[] all = OpRun.Once(whole, TestDevices.Get(device), operands, whole.Forward(operands)).Result;
                Matrix[] rows = [Reference.RowRange(operands[0], above, count), operands[1]];
                float[] seen = OpRun.Once(part, TestDevices.Get(device), rows, part.Forward(rows)).Result;
                Assert.That(seen, Is.EqualTo(all[(above * outputs)..((above + count) * outputs)]));
            });

    private static Gen<(int Rows, int Columns, int Other)> Shaped(string device, Gen<int> other) =>
        Gen.Select(Draws.Size(Draws.Largest(device)), Draws.Size(Draws.Largest(device)), other, (rows, columns, third) => (rows, columns, third));

    /// <summary>Value and gradient come out as they went in, to the bit.</summary>
    private static void CheckIdentity(string device, int rows, int columns, Func<Tape, Variable, Variable> function)
    {
        OpCase @case = OpCases.Reshape(rows, columns) with { Function = (tape, v) => function(tape, v[0]) };
        Matrix x = @case.Values()[0], dy = @case.Upstream("dy", x);
        OpRun run = OpRun.Once(@case, TestDevices.Get(device), [x], dy);
        Assert.That(run.Result, Is.EqualTo(x.ToFloats()), "y");
        Assert.That(run.Gradients[0], Is.EqualTo(dy.ToFloats()), "dx");
    }

    private static OpRun Once(OpCase @case, string device)
    {
        Matrix[] inputs = @case.Values();
        return OpRun.Once(@case, TestDevices.Get(device), inputs, @case.Upstream("dy", @case.Forward(inputs)));
    }

    private static float[] Result(OpCase @case, string device, Matrix x) => OpRun.Once(@case, TestDevices.Get(device), [x], x).Result;
}
