namespace TinyLM.Tests;

public class RecomputeTests
{
    private const int Rows = 65;
    private const int Columns = 33;

    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Configs))]
    public void A_model_s_loss_and_gradients_have_the_same_bits(GptConfig config)
    {
        var (kept, recomputed) = Both("cpu", config with { LayerCount = 4 }, TinyModels.Documents(3, 12, 1, 7, 12, 12, 5, 11, 12, 12));
        AssertSame(kept, recomputed);
        Assert.That(recomputed.PeakBytes, Is.LessThan(kept.PeakBytes * 0.7), $"{kept.PeakBytes} bytes without");
    }

    [Test]
    public void So_they_have_on_the_GPU_s_kernels()
    {
        var (kept, recomputed) = Both("interpreted", TinyModels.AllOptions with { LayerCount = 3 }, TinyModels.Documents(3, 7, 12, 1, 5, 12, 12, 11, 12, 12));
        AssertSame(kept, recomputed);
        Assert.That(recomputed.PeakBytes, Is.LessThan(kept.PeakBytes));
    }

    [Test]
    public void Blocks_within_blocks_and_inputs_used_elsewhere_get_the_same_bits([Values("cpu", "interpreted")] string name)
    {
        Assert.That(Gradients(name, Plain), Is.EqualTo(Gradients(name, Nested)));

        static Variable Plain(Tape tape, Variable x, Variable w) => Outer(Inner(x, w), w).Apply<Multiply>(x);

        static Variable Nested(Tape tape, Variable x, Variable w) => tape.Recompute(
            x,
            w,
            static (x, w) => Outer(x.Tape.Recompute(x, w, static (x, w) => x.Tape.Recompute(x, w, static (x, w) => Inner(x, w))), w)).Apply<Multiply>(x);

        static Variable Inner(Variable x, Variable w) => x.RmsNorm().Apply<Silu>().Linear(w).Apply<Gelu>().Linear(w, default, x);

        static Variable Outer(Variable x, Variable w) => x.Linear(w).Apply<Tanh>().Apply<Add>(x);
    }

    [Test]
    public void A_block_that_returns_its_input_or_a_view_is_as_good_as_any()
    {
        Assert.That(
            Gradients("cpu", static (tape, x, w) => tape.Recompute(x, w, static (x, w) => x).Linear(w)),
            Is.EqualTo(Gradients("cpu", static (tape, x, w) => x.Linear(w))));
        Assert.That(
            Gradients("cpu", static (tape, x, w) => tape.Recompute(x, w, static (x, w) => x.Linear(w).RowRange(3, 20)).Apply<Tanh>()),
            Is.EqualTo(Gradients("cpu", static (tape, x, w) => x.Linear(w).RowRange(3, 20).Apply<Tanh>())));
    }

    [Test]
    public void Without_gradients_the_block_runs_once()
    {
        using Device device = Device.Open("cpu", 1);
        var runs = new List<int>();
        using Tape tape = device.BeginTape(gradients: false);
        Variable y = tape.Recompute(tape.Input(device.Allocate(2, 2)), runs, static (x, runs) =>
        {
            runs.Add(1);
            return x.Apply<Sigmoid>();
        });
        Assert.That(y.Value.ToArray(), Is.All.EqualTo(0.5f));
        Assert.That(runs, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_block_s_variable_that_got_out_has_no_value()
    {
        using Device device = Device.Open("cpu", 1);
        using Tape tape = device.BeginTape();
        var seen = new List<Variable>();
        tape.Recompute(tape.Input(device.Allocate(2, 2)), seen, static (x, seen) =>
        {
            seen.Add(x.Apply<Sigmoid>());
            return seen[^1].Apply<Silu>();
        });
        Assert.That(seen[0].Value.IsNone, Is.True);
        Assert.That(() => seen[0].Apply<Silu>(), Throws.Exception);
    }

    [Test]
    public void A_steady_step_with_it_allocates_nothing()
    {
        using Device device = Device.Open("cpu", 1);
        Tensor x = device.Allocate(Rows, Columns), w = device.Allocate(Columns, Columns);
        for (int i = 0; i < 5; i++)
        {
            Step();
        }

        long before = GC.GetAllocatedBytesForCurrentThread(), held = device.AllocatedBytes;
        Step();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(device.AllocatedBytes, Is.EqualTo(held));

        void Step()
        {
            using Tape tape = device.BeginTape();
            Variable y = tape.Input(x), weight = tape.Input(w);
            for (int block = 0; block < 3; block++)
            {
                y = tape.Recompute(y, weight, static (x, w) => x.RmsNorm().Linear(w).Apply<Silu>().Linear(w, default, x));
            }

            tape.Backward(y.Sum());
        }
    }

    [Test]
    public void An_anomaly_in_a_block_names_its_op_forward_and_backward()
    {
        using Device device = Device.Open("cpu", 1);
        Tensor x = device.Allocate(2, 2);
        using (Tape tape = device.BeginTape(observer: new AnomalyDetector()))
        {
            Assert.That(
                () => tape.Recompute(tape.Input(x), 0, static (x, _) => x.Apply<Silu>().Apply<Log>()),
                Throws.TypeOf<AnomalyException>().With.Message.Contains("Log (forward): its result [2, 2] has -infinity at [0, 0]"));
        }

        using Tape next = device.BeginTape(observer: new AnomalyDetector());
        Variable sum = next.Recompute(next.Input(x), 0, static (x, _) => x.Apply<Silu>().Apply<Sqrt>()).Sum();
        Assert.That(() => next.Backward(sum), Throws.TypeOf<AnomalyException>().With.Message.Contains("Sqrt (backward)").And.Message.Contains("the result of Silu"));
    }

    private static void AssertSame(Outcome kept, Outcome recomputed)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(recomputed.Loss, Is.EqualTo(kept.Loss).And.InRange(0, 100));
            Assert.That(recomputed.Gradients, Is.EqualTo(kept.Gradients).And.Some.Not.Zero);
        }
    }

    private static (Outcome Kept, Outcome Recomputed) Both(string device, GptConfig config, TokenizedDocuments documents) =>
        (Step(device, config, documents, recompute: false), Step(device, config, documents, recompute: true));

    private static Outcome Step(string name, GptConfig config, TokenizedDocuments documents, bool recompute)
    {
        using Device device = Device.Open(name, name == "cpu" ? 2 : 0);
        var model = new Gpt(device, config, 1) { RecomputesBlocks = recompute };
        TokenBatch batch = new DocumentShuffler(documents, new TrainingConfig { TokensPerStep = 96 }.CreateLayout(config.ContextLength), 1).Next();
        float loss;
        using (Tape tape = device.BeginTape())
        {
            Variable mean = Trainer.Loss(tape, model, batch);
            tape.Backward(mean);
            loss = mean.Value.ToScalar();
        }

        return new Outcome(loss, model.Parameters.Gradients.ToArray(), device.Arena.PeakBytes);
    }

    private static float[] Gradients(string name, Func<Tape, Variable, Variable, Variable> make)
    {
        Device device = TestDevices.Get(name);
        var random = new Philox(5, Philox.Purpose("recompute"));
        using Tape tape = device.BeginTape();
        Variable x = tape.Input(Random(Rows, 0)), w = tape.Input(Random(Columns, 1 << 20));
        tape.Backward(make(tape, x, w).Sum());
        return [.. x.Gradient.ToArray(), .. w.Gradient.ToArray()];

        Tensor Random(int rows, ulong counter)
        {
            var values = new float[rows * Columns];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (float)random.Uniform(counter + (ulong)i) - 0.5f;
            }

            Tensor tensor = device.Temporary(rows, Columns);
            tensor.CopyFrom(values);
            return tensor;
        }
    }

    private sealed record Outcome(float Loss, float[] Gradients, long PeakBytes);
}
