namespace TinyLM.Tests;

public class AnomalyTests
{
    private static IEnumerable<string> Devices => ["cpu", "interpreted"];

    [Test]
    public void The_op_whose_result_is_the_first_NaN_is_named([ValueSource(nameof(Devices))] string name)
    {
        Device device = TestDevices.Get(name);
        AnomalyException anomaly = Caught(device, tape => Ones(tape, 4, 5, at: 7, value: -1).Apply<Sqrt>().Apply<Silu>());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(anomaly.Message, Is.EqualTo("anomaly: step 12, Sqrt (forward): its result [4, 5] has NaN at [1, 2]"));
            Assert.That((anomaly.Operation, anomaly.Step, anomaly.ExitCode), Is.EqualTo(("Sqrt", 12L, UserException.World)));
        }
    }

    [Test]
    public void The_operand_whose_gradient_is_the_first_infinity_is_named([ValueSource(nameof(Devices))] string name)
    {
        Device device = TestDevices.Get(name);
        AnomalyException anomaly = Caught(device, tape => Ones(tape, 4, 5, at: 19, value: 0).Apply<Silu>().Apply<Sqrt>());
        Assert.That(anomaly.Message, Is.EqualTo(
            "anomaly: step 12, Sqrt (backward): the gradient [4, 5] of its operand, the result of Silu, has infinity at [3, 4]"));
    }

    [Test]
    public void The_gradient_of_a_parameter_bears_its_name()
    {
        Device device = TestDevices.Get("cpu");
        var parameters = new ParameterSet(device, [new ParameterShape("gate", 1, 5, false)]);
        AnomalyException anomaly = Caught(device, tape => tape.Use(parameters["gate"]).Apply<Sqrt>());
        Assert.That(anomaly.Message, Is.EqualTo("anomaly: step 12, Sqrt (backward): the gradient [1, 5] of parameter 'gate' has infinity at [0, 0]"));
    }

    [Test]
    public void A_parameter_that_is_not_finite_is_named_before_any_op()
    {
        Device device = TestDevices.Get("cpu");
        var parameters = new ParameterSet(device, [new ParameterShape("gate", 2, 2, false)]);
        parameters["gate"].Value.CopyFrom([0, 0, float.NegativeInfinity, 0]);
        Assert.That(
            Caught(device, tape => tape.Use(parameters["gate"])).Message,
            Is.EqualTo("anomaly: step 12, before any op: parameter 'gate' [2, 2] has -infinity at [1, 0]"));
        Assert.That(
            Caught(device, tape => tape.Constant(parameters["gate"].Value.Named("mask"))).Message,
            Is.EqualTo("anomaly: step 12, before any op: an input, mask [2, 2], has -infinity at [1, 0]"));
    }

    [Test]
    public void An_op_without_gradients_is_named_too()
    {
        Device device = TestDevices.Get("cpu");
        AnomalyException anomaly = Caught(device, tape =>
        {
            using (tape.WithoutGradients())
            {
                return Ones(tape, 1, 2, at: 0, value: -1).Apply<Sqrt>();
            }
        });
        Assert.That(anomaly.Message, Does.Contain("Sqrt (forward): its result [1, 2] has NaN at [0, 0]"));
    }

    [Test]
    public void Finite_steps_pass_and_an_anomaly_of_one_step_does_not_stay_in_the_next()
    {
        Device device = TestDevices.Get("cpu");
        var detector = new AnomalyDetector();
        Caught(device, tape => Ones(tape, 1, 2, at: 0, value: -1).Apply<Sqrt>(), detector);
        using (Tape tape = device.BeginTape(observer: detector))
        {
            Assert.That(() => tape.Backward(Ones(tape, 3, 3, at: 0, value: 2).Apply<Sqrt>().Sum()), Throws.Nothing);
        }

        using Tape unobserved = device.BeginTape();
        Assert.That(() => Ones(unobserved, 1, 2, at: 0, value: -1).Apply<Sqrt>(), Throws.Nothing, "nobody looks");
    }

    [Test]
    public void A_trainer_names_its_own_step()
    {
        Device device = TestDevices.Get("cpu");
        var model = new Gpt(device, GptConfig.Gpt2(1, 2, 16, TinyModels.Context, TinyModels.Vocabulary), 1);
        var config = new TrainingConfig { TokensPerStep = 24, Steps = 8 };
        var trainer = new Trainer(model, TinyModels.Documents(5, 5, 9, 2, 12, 7), config) { Observer = new AnomalyDetector() };
        trainer.Step();
        trainer.Step();
        Parameter gain = trainer.Model.Parameters["blocks.0.mlp.norm.gain"];
        var values = gain.Value.ToArray();
        values[3] = float.MaxValue;
        gain.Value.CopyFrom(values);
        Assert.That(trainer.Step, Throws.TypeOf<AnomalyException>().With.Message.StartsWith("anomaly: step 3, ").And.Message.Contains("(forward): its result ["));
    }

    private static AnomalyException Caught(Device device, Func<Tape, Variable> make, AnomalyDetector? detector = null)
    {
        using Tape tape = device.BeginTape(observer: detector ?? new AnomalyDetector(), step: 12);
        return Assert.Throws<AnomalyException>(() => tape.Backward(make(tape).Sum()))!;
    }

    /// <summary>Ones, but for one value.</summary>
    private static Variable Ones(Tape tape, int rows, int columns, int at, float value)
    {
        var values = new float[rows * columns];
        Array.Fill(values, 1);
        values[at] = value;
        Tensor tensor = tape.Allocate(rows, columns);
        tensor.CopyFrom(values);
        return tape.Input(tensor);
    }
}
