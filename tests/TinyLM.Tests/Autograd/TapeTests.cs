namespace TinyLM.Tests;

public class TapeTests
{
    [Test]
    public void A_tensor_used_after_its_step_says_its_name_and_step()
    {
        using var device = Device.Open("cpu", 1);
        device.BeginTape().Dispose();
        Tensor tensor;
        using (device.BeginTape())
        {
            tensor = device.Temporary(2, 3, "attention.out");
        }

        Assert.That(
            () => tensor.ToArray(),
            Throws.InvalidOperationException.With.Message.Contains("Tensor 'attention.out' belongs to step 1, which has ended (now: step 2)"));
    }

    [Test]
    public void A_second_tape_may_not_begin_while_one_is_open()
    {
        using var device = Device.Open("cpu", 1);
        using (device.BeginTape())
        {
            Assert.That(() => device.BeginTape(), Throws.InvalidOperationException.With.Message.Contains("still open"));
        }

        Assert.That(() => device.BeginTape().Dispose(), Throws.Nothing);
    }

    [Test]
    public void A_variable_of_an_ended_tape_throws()
    {
        using var device = Device.Open("cpu", 1);
        Variable old = OfAnEndedTape(device);
        Assert.That(() => old.Value, Throws.InvalidOperationException.With.Message.Contains("step 0, whose tape has been disposed"));
    }

    [Test]
    public void A_variable_of_an_ended_tape_is_not_taken_for_one_of_the_next()
    {
        using var device = Device.Open("cpu", 1);
        Variable old = OfAnEndedTape(device);
        using Tape tape = device.BeginTape();
        tape.Input(device.Temporary(4, 4));
        Assert.That(() => old.Value, Throws.InvalidOperationException);
        Assert.That(() => old.Apply<Silu>(), Throws.InvalidOperationException);
        Assert.That(() => tape.Backward(old), Throws.InvalidOperationException);
    }

    [Test]
    public void An_ended_tape_takes_nothing_more()
    {
        using var device = Device.Open("cpu", 1);
        Tape tape = device.BeginTape();
        tape.Dispose();
        Assert.That(() => tape.Constant(device.Allocate(1, 1)), Throws.InvalidOperationException.With.Message.Contains("begin a new one"));
    }

    [Test]
    public void A_tape_without_gradients_records_none()
    {
        using var device = Device.Open("cpu", 1);
        using Tape tape = device.BeginTape(gradients: false);
        Variable sum = tape.Input(Ones(device, 2, 3)).Apply<Silu>().Sum();
        Assert.That(sum.Value.ToScalar(), Is.EqualTo(6 * Reference.Silu(1)).Within(1e-5));
        Assert.That(sum.RequiresGradient, Is.False);
        Assert.That(() => tape.Backward(sum), Throws.InvalidOperationException);
    }

    /// <summary>The tape keeps its records from step to step; one of a derived kind will not do.</summary>
    [Test]
    public void The_record_of_a_derived_op_does_not_serve_the_op_it_derives_from()
    {
        using var device = Device.Open("cpu", 1);
        Assert.That(Run<DoubledRecord>(), Is.EqualTo(2));
        Assert.That(Run<PassingRecord>(), Is.EqualTo(1));

        float Run<TRecord>()
            where TRecord : PassingRecord, new()
        {
            using Tape tape = device.BeginTape();
            Variable x = tape.Input(Ones(device, 1, 1));
            TRecord record = tape.Record<TRecord>(x)!;
            record.Set(x);
            tape.Backward(tape.Result(record, Ones(device, 1, 1)));
            return x.Gradient.ToScalar();
        }
    }

    [Test]
    public void A_constant_gets_no_gradient()
    {
        using var device = Device.Open("cpu", 1);
        using Tape tape = device.BeginTape();
        Variable constant = tape.Constant(Ones(device, 2, 3)), input = tape.Input(Ones(device, 2, 3));
        tape.Backward(constant.Apply<Multiply>(input).Sum());
        Assert.That(constant.Gradient.IsNone, Is.True);
        Assert.That(input.Gradient.ToArray(), Is.All.EqualTo(1));
    }

    [Test]
    public void A_detached_variable_shares_the_value_and_lets_no_gradient_through()
    {
        using var device = Device.Open("cpu", 1);
        using Tape tape = device.BeginTape();
        Variable x = tape.Input(device.Temporary(1, 3));
        x.Value.CopyFrom([1, 2, 3]);
        Variable square = x.Apply<Multiply>(x), detached = square.Detach();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(detached.Value.Address, Is.EqualTo(square.Value.Address));
            Assert.That(detached.RequiresGradient, Is.False);
        }

        tape.Backward(detached.Apply<Multiply>(x).Sum());
        Assert.That(x.Gradient.ToArray(), Is.EqualTo(new float[] { 1, 4, 9 }));
    }

    [Test]
    public void A_scope_without_gradients_computes_and_records_nothing()
    {
        using var device = Device.Open("cpu", 1);
        using Tape tape = device.BeginTape();
        Variable x = tape.Input(device.Temporary(1, 3));
        x.Value.CopyFrom([1, 2, 3]);
        Variable before = x.Apply<Multiply>(x), inside;
        using (tape.WithoutGradients())
        {
            using (tape.WithoutGradients())
            {
                Assert.That(tape.Input(x.Value).RequiresGradient, Is.False);
            }

            Assert.That(tape.IsRecording, Is.False, "an inner scope has ended, the outer one has not");
            inside = before.Apply<Multiply>(x);
        }

        Assert.That(tape.IsRecording, Is.True);
        Assert.That(inside.Value.ToArray(), Is.EqualTo(new float[] { 1, 8, 27 }));
        Assert.That(inside.RequiresGradient, Is.False);

        // Σ (x² + stop(x³) · x): 2x + x³.
        tape.Backward(before.Apply<Add>(inside.Apply<Multiply>(x)).Sum());
        Assert.That(x.Gradient.ToArray(), Is.EqualTo(new float[] { 3, 12, 33 }));
    }

    [Test]
    public void A_tape_without_gradients_stays_so_after_a_scope()
    {
        using var device = Device.Open("cpu", 1);
        using Tape tape = device.BeginTape(gradients: false);
        tape.WithoutGradients().Dispose();
        Assert.That(tape.IsRecording, Is.False);
    }

    [Test]
    public void A_parameters_gradient_adds_up_over_steps_until_it_is_cleared()
    {
        using var device = Device.Open("cpu", 1);
        var parameters = new ParameterSet(device, [new ParameterShape("gain", 1, 3, false), new ParameterShape("idle", 2, 2, true)]);
        Assert.That(GradientAfterAStep(), Is.All.EqualTo(1));
        Assert.That(GradientAfterAStep(), Is.All.EqualTo(2));
        parameters.ClearGradients();
        Elementwise.Fill(parameters.Gradients, float.NaN);
        Assert.That(GradientAfterAStep(), Is.All.EqualTo(1));
        parameters.CompleteGradients();
        Assert.That(parameters["idle"].Gradient.ToArray(), Is.All.Zero);

        float[] GradientAfterAStep()
        {
            using Tape tape = device.BeginTape();
            tape.Backward(tape.Use(parameters["gain"]).Sum());
            return parameters["gain"].Gradient.ToArray();
        }
    }

    [Test]
    public void A_parameter_taken_twice_in_a_step_gets_the_sum()
    {
        using var device = Device.Open("cpu", 1);
        var parameters = new ParameterSet(device, [new ParameterShape("x", 1, 3, false)]);
        parameters["x"].Value.CopyFrom([1, 2, 3]);
        using Tape tape = device.BeginTape();
        tape.Backward(tape.Use(parameters["x"]).Apply<Multiply>(tape.Use(parameters["x"])).Sum());
        Assert.That(parameters["x"].Gradient.ToArray(), Is.EqualTo(new float[] { 2, 4, 6 }));
    }

    [Test]
    public void An_op_of_a_variable_with_itself_gets_both_parts()
    {
        using var device = Device.Open("cpu", 1);
        using Tape tape = device.BeginTape();
        Variable x = tape.Input(device.Temporary(1, 3));
        x.Value.CopyFrom([1, 2, 3]);
        tape.Backward(x.Apply<Multiply>(x).Sum());
        Assert.That(x.Gradient.ToArray(), Is.EqualTo(new float[] { 2, 4, 6 }));
    }

    [Test]
    public void A_residual_that_is_also_the_input_gets_both_gradients()
    {
        using var device = Device.Open("cpu", 1);
        using Tape tape = device.BeginTape();
        Variable x = tape.Input(device.Temporary(1, 2)), weight = tape.Input(device.Temporary(2, 2));
        x.Value.CopyFrom([1, 2]);
        weight.Value.CopyFrom([1, 2, 3, 4]);
        Variable inner = x.Apply<Add>(x);
        tape.Backward(inner.Linear(weight, default, inner).Sum());

        // y = 2x·wᵀ + 2x: dx = 2 · (column sums of w + 1).
        Assert.That(x.Gradient.ToArray(), Is.EqualTo(new float[] { 10, 14 }));
    }

    [Test]
    public void A_steady_step_allocates_nothing()
    {
        using var device = Device.Open("cpu", 1);
        Tensor x = Ones(device, 5, 24), gain = Ones(device, 1, 24), weight = Ones(device, 33, 24);
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
            using (tape.WithoutGradients())
            {
                tape.Input(x).Apply<Silu>();
            }

            Variable logits = tape.Input(x).RmsNorm(tape.Input(gain)).Apply<Silu>().Linear(tape.Input(weight));
            tape.Backward(logits.CrossEntropy(device.TemporaryIndices([0, 1, -1, 3, 32])).Sum());
        }
    }

    private static Variable OfAnEndedTape(Device device)
    {
        using Tape tape = device.BeginTape();
        return tape.Input(device.Temporary(1, 1));
    }

    private static Tensor Ones(Device device, int rows, int columns)
    {
        Tensor tensor = device.Allocate(rows, columns);
        Elementwise.Fill(tensor, 1);
        return tensor;
    }

    private class PassingRecord : Operation
    {
        private Variable _x;

        public void Set(Variable x) => _x = x;

        public override void Backward(Tensor gradient) => _x.PassGradient(gradient);
    }

    private sealed class DoubledRecord : PassingRecord
    {
        public override void Backward(Tensor gradient)
        {
            Elementwise.Unary(gradient, gradient, new Affine(2, 0));
            base.Backward(gradient);
        }
    }
}
