namespace TinyLM.Tests.Kernels;

/// <summary>A document full of NaN, as padding may be, reaches nobody else: not their results, and not their gradients.</summary>
public class PaddingDocumentTests
{
    [Test]
    public void A_document_full_of_NaN_leaves_the_others_results_and_gradients_the_same_to_the_bit([Values(0, 1, 2)] int padding, [Values(0, 3)] int window)
    {
        using Device device = Device.Open("cpu", 2);
        var offsets = new DocumentOffsets([0, 5, 40, 41]);
        var shape = new AttentionShape(2, 1, 8, Window: window);
        float[] qkv = Values(1, 41 * shape.TotalWidth), dy = Values(2, 41 * shape.QueryWidth);
        (float[] y, float[] gradient) before = Run(qkv, dy);
        int start = offsets.Starts[padding], end = offsets.Starts[padding + 1];
        qkv.AsSpan((start * shape.TotalWidth)..(end * shape.TotalWidth)).Fill(float.NaN);
        dy.AsSpan((start * shape.QueryWidth)..(end * shape.QueryWidth)).Fill(float.NaN);
        (float[] y, float[] gradient) after = Run(qkv, dy);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Others(after.y, shape.QueryWidth), Is.EqualTo(Others(before.y, shape.QueryWidth)).And.None.NaN);
            Assert.That(Others(after.gradient, shape.TotalWidth), Is.EqualTo(Others(before.gradient, shape.TotalWidth)).And.None.NaN);
        }

        (float[] Y, float[] Gradient) Run(float[] values, float[] upstream)
        {
            using Tape tape = device.BeginTape();
            Tensor input = tape.Allocate(41, shape.TotalWidth), above = tape.Allocate(41, shape.QueryWidth);
            input.CopyFrom(values);
            above.CopyFrom(upstream);
            Variable x = tape.Input(input), y = x.Attention(offsets, shape);
            tape.Backward(y, above);
            return (y.Value.ToArray(), x.Gradient.ToArray());
        }

        float[] Others(float[] values, int columns) => [.. values[..(start * columns)], .. values[(end * columns)..]];
    }

    private static float[] Values(ulong seed, int count)
    {
        var random = new Philox(seed, Philox.Purpose("padding"));
        return [.. Enumerable.Range(0, count).Select(i => (float)random.Normal((ulong)i))];
    }
}
