namespace TinyLM.Tests.Kernels;

public partial class AttentionTests
{
    private static readonly Case[] Cases =
    [
        new("names", [7, 1, 5, 12, 6, 3], new AttentionShape(4, 4, 16)),
        new("length 1", [1], new AttentionShape(1, 1, 4)),
        new("odd head 5", [13, 40, 1, 2], new AttentionShape(3, 3, 5)),
        new("head 24, grouped", [33, 100, 12], new AttentionShape(6, 2, 24)),
        new("head 128, multi-query", [50, 17], new AttentionShape(3, 1, 128)),
        new("head 40", [97, 64], new AttentionShape(2, 1, 40)),
        new("one document", [1100], new AttentionShape(2, 1, 20)),
        new("tile edges", [96, 97, 480, 481, 31, 32], new AttentionShape(1, 1, 32)),
        new("many of length 1", [.. Enumerable.Repeat(1, 300)], new AttentionShape(4, 2, 16)),
        new("window 1", [50, 1, 500], new AttentionShape(2, 1, 16, Window: 1)),
        new("window 100 over tile edges", [96, 97, 480, 481, 31, 1000], new AttentionShape(1, 1, 32, Window: 100)),
        new("window 479", [970], new AttentionShape(2, 1, 8, Window: 479)),
        new("window 520, capped", [1100, 519, 520, 521], new AttentionShape(2, 2, 24, Window: 520, Softcap: 1)),
        new("capped, own scale", [130, 7], new AttentionShape(3, 1, 40, Softcap: 0.5f, ScoreScale: 1)),
        new("head 64", [100, 30], new AttentionShape(2, 2, 64)),
        new("head 80, window", [100, 30], new AttentionShape(2, 2, 80, Window: 17)),
        new("head 1", [40], new AttentionShape(2, 2, 1)),
        new("head 127", [40, 3], new AttentionShape(2, 2, 127)),
    ];

    [TestCaseSource(nameof(Cases))]
    public void Forward_and_backward_agree_with_plain_loops(Case @case)
    {
        using var device = Device.Open("cpu", 2);
        CheckAgainstReference(device, @case, 3e-6);
    }

    [Test]
    public void The_GPU_kernels_agree_with_plain_loops()
    {
        using var device = Device.Open("interpreted");
        foreach (Case @case in new Case[]
        {
            new("small", [1, 7, 35, 3], new AttentionShape(2, 2, 5)),
            new("grouped", [33, 8], new AttentionShape(4, 2, 24)),
            new("wide", [2, 33], new AttentionShape(2, 1, 128)),
        })
        {
            CheckAgainstReference(device, @case, 1e-5);
        }

        CheckCached(device, new Case("cached", [40], new AttentionShape(4, 2, 20)), [30, 1, 9], 1e-5);
    }

    [Test]
    public void The_reference_gradient_agrees_with_finite_differences()
    {
        var @case = new Case("small", [3, 5, 1], new AttentionShape(4, 2, 3));
        double[] qkv = Doubles(@case.Qkv());
        double[] dy = Doubles(@case.Dy());
        double[] gradient = AttentionReference.Backward(qkv, dy, @case.Offsets, @case.Shape);
        const double step = 1e-5;
        for (int i = 0; i < qkv.Length; i++)
        {
            double value = qkv[i];
            qkv[i] = value + step;
            double above = Loss();
            qkv[i] = value - step;
            double below = Loss();
            qkv[i] = value;
            Assert.That(gradient[i], Is.EqualTo((above - below) / (2 * step)).Within(1e-8));
        }

        double Loss() => AttentionReference.Forward(qkv, @case.Offsets, @case.Shape).Y.Zip(dy, (left, right) => left * right).Sum();
    }

    [Test]
    public void Any_number_of_threads_gives_the_same_bits()
    {
        var @case = new Case("mixed", [17, 130, 1, 64, 7, 7, 8, 33, 500, 2], new AttentionShape(6, 3, 24));
        var one = RunAll(1);
        foreach (int threads in new[] { 2, 3 })
        {
            var many = RunAll(threads);
            Assert.That(many.Y, Is.EqualTo(one.Y));
            Assert.That(many.LogSumExp, Is.EqualTo(one.LogSumExp));
            Assert.That(many.Dqkv, Is.EqualTo(one.Dqkv));
        }

        (float[] Y, float[] LogSumExp, float[] Dqkv) RunAll(int threads)
        {
            using var device = Device.Open("cpu", threads);
            return Run(device, @case);
        }
    }

    [Test]
    public void A_document_has_the_same_bits_alone_as_in_a_stream()
    {
        using var device = Device.Open("cpu", 2);
        var @case = new Case("stream", [17, 130, 1, 64, 7], new AttentionShape(4, 2, 24));
        var stream = Run(device, @case);
        for (int document = 0; document < @case.Offsets.DocumentCount; document++)
        {
            var alone = Run(device, @case.Only(document));
            int start = @case.Offsets.Starts[document];
            int length = @case.Offsets.LengthOf(document);
            Assert.That(alone.Y, Is.EqualTo(Slice(stream.Y, @case.Shape.QueryWidth)));
            Assert.That(alone.LogSumExp, Is.EqualTo(Slice(stream.LogSumExp, @case.Shape.QueryHeads)));
            Assert.That(alone.Dqkv, Is.EqualTo(Slice(stream.Dqkv, @case.Shape.TotalWidth)));

            float[] Slice(float[] all, int columns) => all.AsSpan(start * columns, length * columns).ToArray();
        }
    }

    [Test]
    public void Generation_with_a_cache_agrees_with_the_whole_document([Values(1, 3, 40)] int firstChunk)
    {
        using var device = Device.Open("cpu", 2);
        var @case = new Case("cached", [75], new AttentionShape(4, 2, 20));
        CheckCached(device, @case, [firstChunk, 1, 2, 9, 75 - firstChunk - 12], 2e-6);
    }

    [Test]
    public void Generation_with_a_window_and_capped_scores_agrees_with_the_whole_document([Values(1, 3, 40)] int firstChunk)
    {
        using var device = Device.Open("cpu", 2);
        var @case = new Case("cached", [175], new AttentionShape(4, 2, 20, Window: 35, Softcap: 2));
        CheckCached(device, @case, [firstChunk, 1, 2, 9, 100, 175 - firstChunk - 112], 2e-6);
    }

    [TestCase("cpu", 700, 800)]
    [TestCase("interpreted", 21, 40)]
    public void A_window_as_long_as_the_document_changes_no_bit(string name, int length, int window)
    {
        using var device = Device.Open(name);
        var shape = new AttentionShape(2, 1, 12);
        var whole = Run(device, new Case("whole", [length, 3], shape));
        foreach (int tokens in new[] { length, window, int.MaxValue })
        {
            var windowed = Run(device, new Case("windowed", [length, 3], shape with { Window = tokens }));
            Assert.That(windowed, Is.EqualTo(whole));
        }
    }

    [TestCase("cpu", new[] { 700, 1, 200, 97 }, new[] { 515, 1, 5, 96 }, 0)]
    [TestCase("cpu", new[] { 1300, 30, 200 }, new[] { 700, 29, 130 }, 110)]
    [TestCase("interpreted", new[] { 50, 1, 7 }, new[] { 17, 1, 6 }, 0)]
    [TestCase("interpreted", new[] { 50, 1, 7 }, new[] { 17, 1, 6 }, 9)]
    public void A_tail_of_queries_has_the_bits_of_the_whole_pass(string name, int[] lengths, int[] tails, int window)
    {
        using var device = Device.Open(name);
        var @case = new Case("tail", lengths, new AttentionShape(4, 2, 20, window, Softcap: 3));
        AttentionShape shape = @case.Shape;
        var queries = DocumentOffsets.FromLengths(tails);
        var whole = Run(device, @case);
        float[] kv = Columns(@case.Qkv(), shape.TotalWidth, shape.QueryWidth, 2 * shape.KeyValueWidth);
        Tensor q = Upload(Columns(@case.Qkv(), shape.TotalWidth, 0, shape.QueryWidth), shape.QueryWidth);
        Tensor keys = device.Upload(@case.Tokens, 2 * shape.KeyValueWidth, kv);
        Tensor y = device.Poisoned(q.Rows, shape.QueryWidth), logSumExp = device.Poisoned(q.Rows, shape.QueryHeads);
        Tensor dq = device.Poisoned(q.Rows, shape.QueryWidth), dkv = device.Poisoned(@case.Tokens, 2 * shape.KeyValueWidth);
        Attention.ForwardTail(q, queries, keys, @case.Offsets, shape, y, logSumExp);
        Attention.BackwardTail(q, queries, keys, @case.Offsets, shape, y, logSumExp, Upload(@case.Dy(), shape.QueryWidth), dq, dkv);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(y.ToArray(), Is.EqualTo(Tails(whole.Y, shape.QueryWidth)));
            Assert.That(logSumExp.ToArray(), Is.EqualTo(Tails(whole.LogSumExp, shape.QueryHeads)));
            Assert.That(dq.ToArray(), Is.EqualTo(Tails(Columns(whole.Dqkv, shape.TotalWidth, 0, shape.QueryWidth), shape.QueryWidth)));
            Assert.That(dkv.ToArray(), Has.None.NaN);
        }

        Tensor Upload(float[] all, int columns) => device.Upload(queries.TokenCount, columns, Tails(all, columns));

        float[] Tails(float[] all, int columns)
        {
            var rows = new List<float>();
            for (int document = 0; document < tails.Length; document++)
            {
                int end = @case.Offsets.Starts[document + 1];
                rows.AddRange(all.AsSpan((end - tails[document]) * columns, tails[document] * columns));
            }

            return [.. rows];
        }
    }

    [TestCase("cpu")]
    [TestCase("interpreted")]
    public void Keys_before_the_window_are_not_read(string name)
    {
        const int length = 130, window = 20, unread = 32;
        using var device = Device.Open(name);
        var @case = new Case("window", [length], new AttentionShape(2, 1, 8, window));
        AttentionShape shape = @case.Shape;
        float[] qkv = @case.Qkv(), clean = [.. qkv];
        for (int token = 0; token < unread; token++)
        {
            qkv.AsSpan((token * shape.TotalWidth) + shape.QueryWidth, 2 * shape.KeyValueWidth).Fill(float.NaN);
        }

        // A tile of twelve queries may still score keys of the panel that its first one sees into.
        int first = unread + window + 11;
        Assert.That(Rows(qkv, whole: true), Is.EqualTo(Rows(clean, whole: true)));
        Assert.That(Rows(qkv, whole: false), Is.EqualTo(Rows(clean, whole: false)));

        float[] Rows(float[] values, bool whole)
        {
            Tensor all = device.Upload(length, shape.TotalWidth, values), y = device.Poisoned(length, shape.QueryWidth);
            if (whole)
            {
                Attention.Forward(all, @case.Offsets, shape, y, device.Poisoned(length, shape.QueryHeads));
            }
            else
            {
                Tensor cache = device.Upload(length, 2 * shape.KeyValueWidth, Columns(values, shape.TotalWidth, shape.QueryWidth, 2 * shape.KeyValueWidth));
                Attention.ForwardCached(all.RowRange(first, length - first), cache, first, shape, y.RowRange(first, length - first));
            }

            return y.RowRange(first, length - first).ToArray();
        }
    }

    [Test]
    public void A_token_does_not_see_a_later_one_nor_another_document()
    {
        using var device = Device.Open("cpu", 1);
        var @case = new Case("causal", [20, 30], new AttentionShape(2, 2, 8));
        float[] qkv = @case.Qkv();
        float[] before = Forward(qkv);
        for (int column = 0; column < @case.Shape.TotalWidth; column++)
        {
            qkv[(35 * @case.Shape.TotalWidth) + column] += 1;
        }

        float[] after = Forward(qkv);
        int width = @case.Shape.QueryWidth;
        Assert.That(after.AsSpan(0, 35 * width).SequenceEqual(before.AsSpan(0, 35 * width)), Is.True);
        for (int token = 35; token < 50; token++)
        {
            Assert.That(after.AsSpan(token * width, width).SequenceEqual(before.AsSpan(token * width, width)), Is.False);
        }

        float[] Forward(float[] values)
        {
            Tensor y = device.Poisoned(50, @case.Shape.QueryWidth);
            Attention.Forward(device.Upload(50, @case.Shape.TotalWidth, values), @case.Offsets, @case.Shape, y, device.Poisoned(50, 2));
            return y.ToArray();
        }
    }

    [Test]
    public void A_document_of_4096_tokens_agrees_with_its_last_row_in_double()
    {
        using var device = Device.Open("cpu", 2);
        var @case = new Case("long", [4096], new AttentionShape(1, 1, 16));
        Tensor y = device.Poisoned(4096, 16);
        float[] qkv = @case.Qkv();
        Attention.Forward(device.Upload(4096, 48, qkv), @case.Offsets, @case.Shape, y, device.Poisoned(4096, 1));
        double[] expected = AttentionReference.Row(Doubles(qkv), 0, 4095, 0, @case.Shape, out _);
        Assert.That(Numbers.RelativeError(y.RowRange(4095, 1).ToArray(), expected), Is.LessThan(3e-6));
    }

    [Test]
    public void A_steady_call_allocates_nothing()
    {
        using var device = Device.Open("cpu", 2);
        var @case = new Case("steady", [40, 7, 90], new AttentionShape(2, 2, 16));
        Tensor qkv = device.Upload(@case.Tokens, @case.Shape.TotalWidth, @case.Qkv());
        Tensor y = device.Poisoned(@case.Tokens, 32);
        Tensor logSumExp = device.Poisoned(@case.Tokens, 2);
        Tensor dqkv = device.Poisoned(@case.Tokens, @case.Shape.TotalWidth);
        Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
        {
            Step();
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);

        void Step()
        {
            Attention.Forward(qkv, @case.Offsets, @case.Shape, y, logSumExp);
            Attention.Backward(qkv, @case.Offsets, @case.Shape, y, logSumExp, y, dqkv);
        }
    }

    [Test]
    public void Shapes_that_do_not_fit_are_named()
    {
        Assert.That(
            () => AttentionShape.FromWidth(96, 5, 5),
            Throws.ArgumentException.With.Message.EqualTo("attention: q has 96 columns, not a multiple of 5 heads."));
        Assert.That(() => AttentionShape.FromWidth(96, 6, 4), Throws.ArgumentException.With.Message.Contains("6 query heads are not a multiple of 4"));
        using var device = Device.Open("cpu", 1);
        var shape = new AttentionShape(2, 1, 8);
        Tensor qkv = device.Allocate(10, 32);
        Tensor y = device.Allocate(10, 16);
        Tensor logSumExp = device.Allocate(10, 2);
        var offsets = DocumentOffsets.OneDocument(10);
        Assert.That(() => Attention.Forward(y, offsets, shape, y, logSumExp), Throws.ArgumentException.With.Message.Contains("16 columns, expected 32"));
        Assert.That(
            () => Attention.Forward(qkv, DocumentOffsets.OneDocument(9), shape, y, logSumExp),
            Throws.ArgumentException.With.Message.Contains("10 rows, expected 9"));
        Assert.That(
            () => Attention.Forward(qkv, offsets, shape, y, y), Throws.ArgumentException.With.Message.Contains("logSumExp is [10, 16]"));
        Assert.That(
            () => Attention.ForwardCached(qkv, device.Allocate(12, 16), 3, shape, y),
            Throws.ArgumentException.With.Message.Contains("3 cached and 10 new tokens do not fit the cache's 12 rows"));
    }
}
