namespace TinyLM.Tests.Kernels;

public class LinearCrossEntropyTests
{
    [Test]
    public void The_logits_of_a_long_stream_are_never_all_held()
    {
        const int tokens = 8000, vocabulary = 4000, width = 16;
        using Device device = Device.Open("cpu");
        using (Tape tape = device.BeginTape())
        {
            Variable x = tape.Input(Small(device, tokens, width)), weight = tape.Input(Small(device, vocabulary, width));
            tape.Backward(x.LinearCrossEntropySum(weight, device.TemporaryIndices(new int[tokens]), 1f / tokens));
            Assert.That(weight.Gradient.ToArray(), Has.Some.Not.Zero);
        }

        Assert.That(device.Arena.PeakBytes, Is.InRange(1, (long)tokens * vocabulary * sizeof(float) / 2));
    }

    [Test]
    public void Chunks_give_what_one_product_gives()
    {
        const int tokens = 3000, vocabulary = 5000, width = 8;
        using Device device = Device.Open("cpu");
        using Tape tape = device.BeginTape();
        Variable x = tape.Input(Small(device, tokens, width)), weight = tape.Input(Small(device, vocabulary, width));
        IndexTensor targets = device.TemporaryIndices([.. Enumerable.Range(0, tokens).Select(token => token % 7 == 0 ? -1 : token)]);
        Matrix whole = AsMatrix(x.Linear(weight).CrossEntropy(targets).Value), chunks = AsMatrix(x.LinearCrossEntropy(weight, targets).Value);
        Assert.That(Comparison.RelativeError(chunks.Values, whole.Values), Is.InRange(0, 1e-6));
    }

    [Test]
    public void Gradients_of_chunks_add_up([Values] bool sum)
    {
        const int tokens = 3000, vocabulary = 5000, width = 8;
        using Device device = Device.Open("cpu");
        Matrix whole = WeightGradient((x, weight, targets) => x.Linear(weight).CrossEntropy(targets).Sum());
        Matrix chunks = WeightGradient((x, weight, targets) => sum ? x.LinearCrossEntropySum(weight, targets) : x.LinearCrossEntropy(weight, targets).Sum());
        Assert.That(Comparison.RelativeError(chunks.Values, whole.Values), Is.InRange(0, 1e-5));

        Matrix WeightGradient(Func<Variable, Variable, IndexTensor, Variable> loss)
        {
            using Tape tape = device.BeginTape();
            Variable x = tape.Input(Small(device, tokens, width)), weight = tape.Input(Small(device, vocabulary, width));
            tape.Backward(loss(x, weight, device.TemporaryIndices([.. Enumerable.Range(0, tokens)])));
            return AsMatrix(weight.Gradient);
        }
    }

    private static Matrix AsMatrix(Tensor tensor) => new(tensor.Rows, tensor.Columns, tensor.ToArray().Select(value => (double)value));

    private static Tensor Small(Device device, int rows, int columns)
    {
        Tensor tensor = device.Temporary(rows, columns);
        tensor.CopyFrom(new OpInput("small", rows, columns).Values("LinearCrossEntropy").ToFloats());
        return tensor;
    }
}
