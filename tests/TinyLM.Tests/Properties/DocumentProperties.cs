using CsCheck;

namespace TinyLM.Tests.Properties;

/// <summary>Neighbours in a stream do not matter: whatever an op makes of a document, it makes of it alone.</summary>
[Category("Properties")]
public class DocumentProperties
{
    public static IEnumerable<object[]> OpsOnDevices =>
        from op in new[] { "Attention", "Rotary", "ReduceByDocument", "SegmentMatMul", "CrossEntropy" }
        from device in TestDevices.Names
        select new object[] { op, device };

    [TestCaseSource(nameof(OpsOnDevices))]
    public void A_document_has_the_same_bits_alone_as_in_a_stream(string op, string device) =>
        Property.Holds(device, 80, Streams(op, Draws.Largest(device)), stream =>
        {
            OpCase @case = stream.Case;
            DocumentOffsets offsets = DocumentOffsets.FromLengths(stream.Lengths);
            Matrix[] inputs = @case.Values();
            Matrix dy = @case.Upstream("dy", @case.Forward(inputs));
            OpRun run = OpRun.Once(@case, TestDevices.Get(device), inputs, dy);
            for (int document = 0; document < offsets.DocumentCount; document++)
            {
                Matrix[] own = [.. inputs.Select((input, i) => Part(input, i == 0 ? 0 : stream.Op.RowsOfWeight))];
                OpRun alone = OpRun.Once(stream.Op.Of([stream.Lengths[document]], offsets.Starts[document]), TestDevices.Get(device), own, Part(dy, stream.Op.RowsOfResult));
                var part = new OpRun(
                    PartOf(run.Result, dy.Columns, stream.Op.RowsOfResult),
                    [.. run.Gradients.Select((gradient, i) => PartOf(gradient, inputs[i].Columns, i == 0 ? 0 : stream.Op.RowsOfWeight))]);
                RandomCases.SameBits(alone, part, $"document {document}");

                Matrix Part(Matrix x, int rows) =>
                    rows > 0 ? Reference.RowRange(x, document * rows, rows) : Reference.RowRange(x, offsets.Starts[document], stream.Lengths[document]);

                float[] PartOf(float[] x, int columns, int rows) => Part(new Matrix(x.Length / columns, columns, x.Select(value => (double)value)), rows).ToFloats();
            }
        });

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Names))]
    public void The_loss_of_a_stream_is_the_sum_of_its_documents_losses(string device) =>
        Property.Holds(device, 60, Gen.Select(Draws.Lengths(Draws.Largest(device), 3), Gen.Int[1, 30], Draws.Size(40, least: 2)), draw =>
        {
            var (lengths, width, vocabulary) = draw;
            DocumentOffsets offsets = DocumentOffsets.FromLengths(lengths);
            int[] targets = OpCases.Indices(offsets.TokenCount, CrossEntropy.NoTarget, vocabulary, draw: 3);
            OpCase whole = Loss(0, offsets.TokenCount);
            Matrix[] inputs = whole.Values();
            var dy = new Matrix(1, 1, [1]);
            OpRun stream = OpRun.Once(whole, TestDevices.Get(device), inputs, dy);
            OpRun[] parts = [.. lengths.Select((length, document) => OpRun.Once(
                Loss(offsets.Starts[document], length), TestDevices.Get(device), [Reference.RowRange(inputs[0], offsets.Starts[document], length), inputs[1]], dy))];
            var rounding = new Rounding(x => [whole.Forward(x), .. whole.Gradient(x, dy)], inputs);
            float[] sum = [parts.Sum(part => part.Result[0])];
            float[] weightGradient = [.. Enumerable.Range(0, inputs[1].Values.Length).Select(i => parts.Sum(part => part.Gradients[1][i]))];
            rounding.Check(0, stream.Result, "the stream's loss", lengths.Sum());
            rounding.Check(0, sum, "the sum of the documents' losses", lengths.Sum());
            rounding.Check(2, stream.Gradients[1], "the weight's gradient", lengths.Sum());
            rounding.Check(2, weightGradient, "the sum of the weight's gradients", lengths.Sum());

            OpCase Loss(int start, int length) => OpCases.LinearCrossEntropy(length, width, vocabulary, default, sum: true) with
            {
                Function = (tape, v) => v[0].LinearCrossEntropySum(v[1], tape.Device.TemporaryIndices(targets.AsSpan(start, length))),
                Forward = x => Reference.Sum(Reference.CrossEntropy(Reference.Product(x[0], false, x[1], true), targets), 1),
                Gradient = (x, _) => Reference.LinearCrossEntropyGradient(x[0], x[1], targets, new Matrix(length, 1).Map(_ => 1), default),
            };
        });

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Names))]
    public void A_matrix_a_document_is_a_linear_map_of_each(string device) =>
        Property.Holds(device, 60, Gen.Select(Draws.Lengths(Draws.Largest(device), 4), Draws.Size(40), Draws.Size(40)), draw =>
        {
            var (lengths, inputCount, outputCount) = draw;
            DocumentOffsets offsets = DocumentOffsets.FromLengths(lengths);
            RandomCases.Agrees(OpCases.SegmentMatMul(lengths, inputCount, outputCount) with { Function = Documents }, device);

            Variable Documents(Tape tape, Variable[] v) => lengths.Select((length, document) =>
                v[0].RowRange(offsets.Starts[document], length).Linear(v[1].RowRange(document * outputCount, outputCount))).Aggregate((above, below) => above.AppendRows(below));
        });

    private static Gen<Stream> Streams(string op, int most) => Gen.Select(Draws.Lengths(most), Op(op, most), (lengths, drawn) => new Stream(lengths, drawn));

    private static Gen<DocumentOp> Op(string name, int most) => name switch
    {
        "Attention" => Draws.Heads(3, most / 4, most).Select(heads => new DocumentOp((lengths, _) => OpCases.Attention(lengths, heads))),
        "Rotary" => Gen.Select(Gen.Int[1, 3], Gen.Int[1, 9], (heads, half) => new DocumentOp((lengths, _) => OpCases.Rotary(lengths, heads, 2 * half))),
        "ReduceByDocument" => Gen.Select(Gen.Enum<ReductionKind>(), Draws.Size(most), (kind, columns) =>
            new DocumentOp((lengths, _) => OpCases.ReduceByDocument(kind, lengths, columns), RowsOfResult: 1)),
        "SegmentMatMul" => Gen.Select(Draws.Size(most / 2), Draws.Size(most / 2), (inputs, outputs) =>
            new DocumentOp((lengths, _) => OpCases.SegmentMatMul(lengths, inputs, outputs), RowsOfWeight: outputs)),
        _ => Gen.Select(Draws.Size(most), Draws.LossOptions, (vocabulary, options) => new DocumentOp((lengths, start) =>
        {
            int[] targets = OpCases.Indices(start + lengths.Sum() + 1, CrossEntropy.NoTarget, vocabulary, draw: 3)[start..^1];
            return OpCases.CrossEntropy(lengths.Sum(), vocabulary, options) with
            {
                Function = (tape, v) => v[0].CrossEntropy(tape.Device.TemporaryIndices(targets), options),
            };
        })),
    };

    /// <summary>An op of a stream of documents.</summary>
    /// <param name="Of">From the documents' lengths, and where in another stream the first begins.</param>
    /// <param name="RowsOfWeight">Rows of the second input that each document has.</param>
    /// <param name="RowsOfResult">Rows of the result that each document has; 0: one a token.</param>
    private sealed record DocumentOp(Func<int[], int, OpCase> Of, int RowsOfWeight = 0, int RowsOfResult = 0);

    private sealed record Stream(int[] Lengths, DocumentOp Op)
    {
        public OpCase Case => Op.Of(Lengths, 0);

        public override string ToString() => Case.ToString();
    }
}
