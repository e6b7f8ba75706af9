namespace TinyLM.Tests.Kernels;

/// <summary>A result so large that it is written past the caches has the same bits as its rows computed few at a time, which are not.</summary>
public class StreamingTests
{
    private const int Rows = 1030, Columns = 2064, Depth = 19, PartRows = 206;

    /// <summary>One of its own: the shared ones are poisoned, and too small.</summary>
    private readonly Device _device = Device.Open("cpu", 3);

    [OneTimeTearDown]
    public void Close() => _device.Dispose();

    [Test]
    public void A_product([Values] bool hasResidual) => CheckRows((rows, y) =>
        MatMul.Multiply(rows(Place(Rows, Depth, 1)), false, Place(Columns, Depth, 2), true, y, residual: hasResidual ? rows(Place(Rows, Columns, 3)) : default));

    [Test]
    public void A_product_with_its_activation() => CheckRows((rows, y) =>
        MatMul.MultiplyAndApply(rows(Place(Rows, Depth, 1)), false, Place(Columns, Depth, 2), true, y, op: default(Gelu)));

    [Test]
    public void An_elementwise_op() => CheckRows((rows, y) => Elementwise.Unary(rows(Place(Rows, Columns, 1)), y, default(Silu)));

    [Test]
    public void Its_gradient() => CheckRows((rows, y) =>
        Elementwise.UnaryBackward(rows(Place(Rows, Columns, 1)), rows(Place(Rows, Columns, 5)), y, accumulate: false, default(Silu)));

    [Test]
    public void A_gate() => CheckRows((rows, y) => Elementwise.Binary(rows(Place(Rows, Columns, 1)), rows(Place(Rows, Columns, 4)), y, default(SwiGlu)));

    [Test]
    public void The_gradients_of_a_gate([Values] bool first) => CheckRows((rows, y) =>
    {
        Tensor other = _device.Temporary(y.Rows, y.Columns);
        Elementwise.BinaryBackward(
            rows(Place(Rows, Columns, 1)), rows(Place(Rows, Columns, 4)), rows(Place(Rows, Columns, 5)), first ? y : other, false, first ? other : y, false, default(SwiGlu));
    });

    [Test]
    public void The_gradients_of_attention() => CheckRows((rows, y) =>
    {
        var shape = new AttentionShape(43, 43, 16);
        DocumentOffsets documents = DocumentOffsets.FromLengths([.. Enumerable.Repeat(PartRows, y.Rows / PartRows)]);
        Tensor qkv = rows(Place(Rows, Columns, 1)), result = _device.Temporary(y.Rows, shape.QueryWidth), logSumExp = _device.Temporary(y.Rows, shape.QueryHeads);
        Attention.Forward(qkv, documents, shape, result, logSumExp);
        Attention.Backward(qkv, documents, shape, result, logSumExp, rows(Place(Rows, shape.QueryWidth, 5)), y);
    });

    /// <param name="compute">Given which rows to take of a tensor, and where their result goes.</param>
    private void CheckRows(Action<Func<Tensor, Tensor>, Tensor> compute)
    {
        using Tape tape = _device.BeginTape();
        Tensor whole = tape.Allocate(Rows, Columns), parts = tape.Allocate(Rows, Columns);
        Assert.That(Streaming.Pays(whole), Is.True);
        compute(tensor => tensor, whole);
        for (int start = 0; start < Rows; start += PartRows)
        {
            int first = start;
            Tensor part = parts.RowRange(first, PartRows);
            Assert.That(Streaming.Pays(part), Is.False);
            compute(tensor => tensor.RowRange(first, PartRows), part);
        }

        Assert.That(whole.ToArray().AsSpan().SequenceEqual(parts.ToArray()), Is.True);
    }

    private Tensor Place(int rows, int columns, int seed)
    {
        Tensor tensor = _device.Temporary(rows, columns);
        tensor.CopyFrom(Numbers.Random(rows * columns, seed));
        return tensor;
    }
}
