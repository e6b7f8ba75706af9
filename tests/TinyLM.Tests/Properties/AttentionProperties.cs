using CsCheck;

namespace TinyLM.Tests.Properties;

/// <summary>What attention promises to the bit, whatever the documents and heads.</summary>
[Category("Properties")]
public class AttentionProperties
{
    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Names))]
    public void A_token_changes_no_bit_of_an_earlier_one_nor_beyond_its_window_nor_of_another_document(string device) =>
        Property.Holds(device, 120, Gen.Select(Streams(device), Gen.Int[0, 999], (stream, place) => (Stream: stream, Place: place)), draw =>
        {
            Stream stream = draw.Stream;
            AttentionShape shape = stream.Shape;
            DocumentOffsets offsets = stream.Offsets;
            int token = draw.Place * offsets.TokenCount / 1000, document = Document(offsets, token);
            OpCase @case = stream.Case;
            Matrix before = @case.Values()[0], after = before.Clone(), dy = @case.Upstream("dy", @case.Forward([before]));
            for (int column = 0; column < before.Columns; column++)
            {
                after[token, column] = 1 - before[token, column];
            }

            int end = shape.Window == 0 ? offsets.Starts[document + 1] : (int)Math.Min(offsets.Starts[document + 1], token + (long)shape.Window);
            float[] first = OpRun.Once(@case, TestDevices.Get(device), [before], dy).Result, second = OpRun.Once(@case, TestDevices.Get(device), [after], dy).Result;
            Assert.That(Rows(second, 0, token), Is.EqualTo(Rows(first, 0, token)), $"the tokens before {token}");
            Assert.That(Rows(second, end, offsets.TokenCount), Is.EqualTo(Rows(first, end, offsets.TokenCount)), $"the tokens from {end} on, which do not see {token}");
            Assert.That(Rows(second, token, token + 1), Is.Not.EqualTo(Rows(first, token, token + 1)), $"token {token} itself");

            float[] Rows(float[] all, int from, int to) => all[(from * shape.QueryWidth)..(to * shape.QueryWidth)];
        });

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Names))]
    public void What_flows_back_to_a_token_has_the_same_bits_whatever_comes_after_those_that_see_it(string device) =>
        Property.Holds(device, 80, Gen.Select(Streams(device), Gen.Int[0, 999], (stream, place) => (Stream: stream, Place: place)), draw =>
        {
            Stream stream = draw.Stream;
            int width = stream.Shape.TotalWidth, token = draw.Place * stream.Offsets.TokenCount / 1000;
            OpCase @case = stream.Case;
            Matrix before = @case.Values()[0], after = before.Clone(), dy = @case.Upstream("dy", @case.Forward([before]));
            for (int column = 0; column < width; column++)
            {
                after[token, column] = 1 - before[token, column];
            }

            // Nothing flows into the token and those after it: whatever they hold, those before them do not know them.
            dy.Values.AsSpan(token * dy.Columns).Clear();
            float[] first = OpRun.Once(@case, TestDevices.Get(device), [before], dy).Gradients[0], second = OpRun.Once(@case, TestDevices.Get(device), [after], dy).Gradients[0];
            Assert.That(second[..(token * width)], Is.EqualTo(first[..(token * width)]), $"the gradients before token {token}");
            Assert.That(second[(token * width)..], Is.All.Zero, $"the gradients from token {token} on");
        });

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Names))]
    public void A_tail_has_the_bits_of_the_last_rows_of_the_whole(string device)
    {
        Gen<(Stream Stream, int[] Tails)> draws =
            from stream in Streams(device)
            from tails in RandomOps.Tails(stream.Lengths)
            select (stream, tails);
        Property.Holds(device, 120, draws, draw =>
        {
            var (stream, tails) = draw;
            AttentionShape shape = stream.Shape;
            OpCase whole = stream.Case, tail = OpCases.AttentionTail(stream.Lengths, tails, shape);
            Matrix qkv = whole.Values()[0], dy = whole.Upstream("dy", whole.Forward([qkv]));
            Matrix q = Tails(Reference.ColumnRange(qkv, 0, shape.QueryWidth)), kv = Reference.ColumnRange(qkv, shape.QueryWidth, 2 * shape.KeyValueWidth);
            OpRun all = OpRun.Once(whole, TestDevices.Get(device), [qkv], dy), last = OpRun.Once(tail, TestDevices.Get(device), [q, kv], Tails(dy));
            Matrix gradient = Reference.ColumnRange(Of(all.Gradients[0], shape.TotalWidth), 0, shape.QueryWidth);
            Assert.That(last.Result, Is.EqualTo(Tails(Of(all.Result, shape.QueryWidth)).ToFloats()), "y");
            Assert.That(last.Gradients[0], Is.EqualTo(Tails(gradient).ToFloats()), "dq");

            Matrix Of(float[] values, int columns) => new(stream.Offsets.TokenCount, columns, values.Select(value => (double)value));

            Matrix Tails(Matrix x) => stream.Lengths.Select((_, document) => Reference.RowRange(x, stream.Offsets.Starts[document + 1] - tails[document], tails[document]))
                .Aggregate(Reference.AppendRows);
        });
    }

    private static Gen<Stream> Streams(string device)
    {
        int most = Draws.Largest(device);
        return Gen.Select(Draws.Lengths(most), Draws.Heads(3, most / 3, most), Draws.Values, (lengths, shape, draw) => new Stream(lengths, shape, draw));
    }

    private static int Document(DocumentOffsets offsets, int token)
    {
        int document = 0;
        while (offsets.Starts[document + 1] <= token)
        {
            document++;
        }

        return document;
    }

    private sealed record Stream(int[] Lengths, AttentionShape Shape, ulong Draw)
    {
        public DocumentOffsets Offsets { get; } = DocumentOffsets.FromLengths(Lengths);

        public OpCase Case => OpCases.Attention(Lengths, Shape).Drawn(Draw);

        public override string ToString() => Case.ToString();
    }
}
