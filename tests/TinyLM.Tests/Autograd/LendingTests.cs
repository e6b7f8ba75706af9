using TinyLM.Tests.Kernels;

namespace TinyLM.Tests;

/// <summary>Results that lie in the memory of gradients to come.</summary>
public class LendingTests
{
    private const int Rows = 20;
    private const int Columns = 34;
    private const int Layers = 5;

    [Test]
    public void Gradients_have_the_same_bits_and_results_need_less_memory(
        [Values("cpu", "interpreted")] string name, [Values] bool usesParametersAgain, [Values] bool recomputes)
    {
        Outcome plain = Run(name, lends: false, usesParametersAgain, recomputes, passes: 1), lending = Run(name, lends: true, usesParametersAgain, recomputes, passes: 1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(lending.Gradients, Is.EqualTo(plain.Gradients).And.Some.Not.Zero);
            Assert.That(lending.PeakBytes, usesParametersAgain || recomputes ? Is.GreaterThan(0) : Is.LessThan(plain.PeakBytes * 0.7));
        }
    }

    [Test]
    public void Gradients_of_an_earlier_pass_are_added_to([Values] bool usesParametersAgain) =>
        Assert.That(
            Run("cpu", lends: true, usesParametersAgain, recomputes: false, passes: 3).Gradients,
            Is.EqualTo(Run("cpu", lends: false, usesParametersAgain, recomputes: false, passes: 3).Gradients));

    [Test]
    public void Two_forward_passes_of_one_tape_do_not_share_the_memory()
    {
        Assert.That(Gradients(lends: true), Is.EqualTo(Gradients(lends: false)).And.Some.Not.Zero);

        static float[] Gradients(bool lends)
        {
            using Device device = Device.Open("cpu", 1);
            ParameterSet parameters = Parameters(device);
            using Tape tape = device.BeginTape();
            Variable first = Forward(tape, parameters, lends, recomputes: false), second = Forward(tape, parameters, lends, recomputes: false);
            tape.Backward((first + second.Apply<Silu>()).Sum());
            return parameters.Gradients.ToArray();
        }
    }

    [Test]
    public void A_second_backward_pass_says_that_the_results_are_gone()
    {
        using Device device = Device.Open("cpu", 1);
        ParameterSet parameters = Parameters(device);
        using Tape tape = device.BeginTape();
        Variable y = Forward(tape, parameters, lends: true, recomputes: false), loss = y.Sum();
        tape.Backward(loss);
        Assert.That(() => tape.Backward(loss), Throws.InvalidOperationException.With.Message.StartsWith("Backward: gradients lie by now where Sum had its operands"));
    }

    [Test]
    public void A_models_loss_sum_takes_less_than_the_losses_and_gives_their_gradients([Values("cpu", "interpreted")] string name)
    {
        var (losses, lossesPeak) = Gradients((model, tape, batch) => model.Losses(tape, batch.Ids, batch.Targets, batch.Offsets).Sum());
        var (sum, sumPeak) = Gradients((model, tape, batch) => model.LossSum(tape, batch.Ids, batch.Targets, batch.Offsets, scale: 1));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sum, Is.EqualTo(losses).Within(1e-4f).And.Some.Not.Zero);
            Assert.That(sumPeak, Is.LessThan(lossesPeak * 0.6));
        }

        (float[] Gradients, long Peak) Gradients(Func<Gpt, Tape, TokenBatch, Variable> loss)
        {
            using Device device = Device.Open(name, name == "cpu" ? 2 : 0);
            Gpt model = TinyModels.Telling(device, GptConfig.Llama(4, 4, 32, TinyModels.Context, TinyModels.Vocabulary), times: 3);
            TokenizedDocuments documents = TinyModels.Documents(3, 12, 5, 7);
            TokenBatch batch = new DocumentShuffler(documents, new TrainingConfig { TokensPerStep = 24 }.CreateLayout(TinyModels.Context), 1).Next();
            using (Tape tape = device.BeginTape())
            {
                tape.Backward(loss(model, tape, batch));
            }

            return (model.Parameters.Gradients.ToArray(), device.Arena.PeakBytes);
        }
    }

    private static Outcome Run(string name, bool lends, bool usesParametersAgain, bool recomputes, int passes)
    {
        using Device device = Device.Open(name, name == "cpu" ? 2 : 0);
        ParameterSet parameters = Parameters(device);
        Elementwise.Fill(parameters.Gradients, float.NaN);
        for (int pass = 0; pass < passes; pass++)
        {
            using Tape tape = device.BeginTape();
            Variable loss = Forward(tape, parameters, lends, recomputes).Sum();
            if (usesParametersAgain)
            {
                loss += tape.Use(parameters["layer 2"]).Apply<Silu>().Sum() + tape.Use(parameters["layer 2"]).Apply<Multiply>(tape.Use(parameters["layer 4"])).Sum();
            }

            tape.Backward(loss);
        }

        return new Outcome(parameters.Gradients.ToArray(), device.Arena.PeakBytes);
    }

    private static ParameterSet Parameters(Device device)
    {
        var parameters = new ParameterSet(device, [.. Enumerable.Range(0, Layers).Select(layer => new ParameterShape($"layer {layer}", Columns, Columns, Decays: true))]);
        parameters.Values.CopyFrom(Numbers.Random(parameters.Values.Columns, 3));
        return parameters;
    }

    private static Variable Forward(Tape tape, ParameterSet parameters, bool lends, bool recomputes)
    {
        Variable x = tape.Input(tape.Device.Upload(Rows, Columns, Numbers.Random(Rows * Columns, 1)));
        foreach (Parameter parameter in parameters.All)
        {
            x = recomputes ? tape.Recompute(x, parameter, Layer) : Layer(x, parameter);
            if (lends)
            {
                tape.LendGradients([parameter]);
            }
        }

        tape.EndLending();
        return x;
    }

    private static Variable Layer(Variable x, Parameter parameter)
    {
        Variable normed = x.RmsNorm(), y = normed.Linear(x.Tape.Use(parameter), default, x);
        normed.Release();
        return y;
    }

    private sealed record Outcome(float[] Gradients, long PeakBytes);
}
