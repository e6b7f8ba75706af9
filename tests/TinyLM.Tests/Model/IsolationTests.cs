using TinyLM.Tests.Data;

namespace TinyLM.Tests;

/// <summary>What one document holds does not reach another: neither its activations nor what flows back through them, by a bit.</summary>
public class IsolationTests
{
    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Configs))]
    public void Changing_one_document_leaves_all_activations_and_their_gradients_of_the_others_the_same_to_the_bit(GptConfig config)
    {
        using Device device = Device.Open("cpu", 2);
        Gpt model = TinyModels.Telling(device, config);
        TokenizedDocuments documents = TinyModels.Documents(5, 5, 12, 1, 8);
        var offsets = new DocumentOffsets(documents.AllStarts());
        int[] changed = documents.AllIds();
        for (int token = offsets.Starts[1]; token < offsets.Starts[2]; token++)
        {
            changed[token] = (changed[token] + 3) % TinyModels.Vocabulary;
        }

        var before = new Recording(offsets.TokenCount, offsets.Starts[1], offsets.Starts[2]);
        var after = new Recording(offsets.TokenCount, offsets.Starts[1], offsets.Starts[2]);
        Run(model, documents.AllIds(), offsets, before);
        Run(model, changed, offsets, after);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(before.Forward, Has.Count.GreaterThan(5 * config.LayerCount));
            Assert.That(before.Backward, Has.Count.GreaterThan(5 * config.LayerCount));
            Assert.That(after.Forward, Is.EqualTo(before.Forward));
            Assert.That(after.Backward, Is.EqualTo(before.Backward));
            Assert.That(after.Changed, Is.Not.EqualTo(before.Changed), "the changed document's own");
        }
    }

    /// <summary>The loss is summed with weights of its own: a mean over all targets, whose number does not change, would do as well.</summary>
    private static void Run(Gpt model, int[] ids, DocumentOffsets offsets, Recording recording)
    {
        int[] targets = [.. ids.Skip(1), TargetBuilder.None];
        foreach (int end in offsets.Starts[1..])
        {
            targets[end - 1] = TargetBuilder.None;
        }

        using (Tape tape = model.Device.BeginTape(observer: recording))
        {
            tape.Backward(model.LossSum(tape, ids, targets, offsets, scale: 0.1f));
        }

        model.Parameters.ClearGradients();
    }

    /// <summary>Copies the rows of every tensor that has one a token: those of the other documents, and those of the changed one.</summary>
    private sealed class Recording(int tokens, int first, int end) : ITapeObserver
    {
        public List<(string Op, float[] Rows)> Forward { get; } = [];

        public List<(string Op, float[] Rows)> Backward { get; } = [];

        public List<float> Changed { get; } = [];

        void ITapeObserver.Begin(Device device, long step)
        {
            // Every step is the same.
        }

        void ITapeObserver.Leaf(Tensor value, Parameter? parameter)
        {
            // What comes in is what the test changes.
        }

        void ITapeObserver.Forward(string operation, Tensor result, long operandBytes, long flops) => Add(Forward, operation, result);

        void ITapeObserver.Backward(string operation, Tensor gradient, ReadOnlySpan<WrittenGradient> written, long flops)
        {
            foreach (WrittenGradient operand in written)
            {
                if (operand.Parameter is null)
                {
                    Add(Backward, operation, operand.Gradient);
                }
            }
        }

        void ITapeObserver.Work(string work, long bytes)
        {
            // There is none.
        }

        void ITapeObserver.End()
        {
            // All is copied.
        }

        private void Add(List<(string Op, float[] Rows)> list, string operation, Tensor tensor)
        {
            if (tensor.Rows != tokens)
            {
                return;
            }

            float[] values = tensor.ToArray();
            list.Add((operation, [.. values[..(first * tensor.Columns)], .. values[(end * tensor.Columns)..]]));
            Changed.AddRange(values[(first * tensor.Columns)..(end * tensor.Columns)]);
        }
    }
}
