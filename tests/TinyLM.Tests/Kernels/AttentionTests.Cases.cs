namespace TinyLM.Tests.Kernels;

/// <content>A case, and its comparison with plain loops.</content>
public partial class AttentionTests
{
    internal static void CheckAgainstReference(Device device, Case @case, double tolerance)
    {
        var actual = Run(device, @case);
        double[] qkv = Doubles(@case.Qkv());
        var expected = AttentionReference.Forward(qkv, @case.Offsets, @case.Shape);
        double[] gradient = AttentionReference.Backward(qkv, Doubles(@case.Dy()), @case.Offsets, @case.Shape);
        Assert.That(Numbers.RelativeError(actual.Y, expected.Y), Is.LessThan(tolerance), "y");
        Assert.That(Numbers.RelativeError(actual.LogSumExp, expected.LogSumExp), Is.LessThan(tolerance), "logSumExp");
        double least = 0.03 * Math.Sqrt(gradient.Sum(value => value * value));
        foreach (var (name, start, width) in @case.Parts())
        {
            Assert.That(
                Numbers.RelativeError(
                    Columns(actual.Dqkv, @case.Shape.TotalWidth, start, width), Columns(gradient, @case.Shape.TotalWidth, start, width), least),
                Is.LessThan(2 * tolerance),
                name);
        }
    }

    internal static void CheckCached(Device device, Case @case, int[] chunks, double tolerance)
    {
        var shape = @case.Shape;
        Tensor qkv = device.Upload(@case.Tokens, shape.TotalWidth, @case.Qkv());
        Tensor cache = device.Poisoned(@case.Tokens, 2 * shape.KeyValueWidth);
        Tensor y = device.Poisoned(@case.Tokens, shape.QueryWidth);
        int cached = 0;
        foreach (int count in chunks)
        {
            Attention.ForwardCached(qkv.RowRange(cached, count), cache, cached, shape, y.RowRange(cached, count));
            cached += count;
        }

        double[] expected = AttentionReference.Forward(Doubles(@case.Qkv()), @case.Offsets, shape).Y;
        Assert.That(Numbers.RelativeError(y.ToArray(), expected), Is.LessThan(tolerance));
    }

    /// <summary>Columns <paramref name="start"/> to <paramref name="start"/> + <paramref name="width"/> - 1 of a matrix.</summary>
    private static T[] Columns<T>(T[] all, int columns, int start, int width)
    {
        var part = new T[all.Length / columns * width];
        for (int i = 0; i < part.Length; i++)
        {
            part[i] = all[(i / width * columns) + start + (i % width)];
        }

        return part;
    }

    private static (float[] Y, float[] LogSumExp, float[] Dqkv) Run(Device device, Case @case)
    {
        var shape = @case.Shape;
        Tensor qkv = device.Upload(@case.Tokens, shape.TotalWidth, @case.Qkv());
        Tensor y = device.Poisoned(@case.Tokens, shape.QueryWidth);
        Tensor logSumExp = device.Poisoned(@case.Tokens, shape.QueryHeads);
        Tensor dqkv = device.Poisoned(@case.Tokens, shape.TotalWidth);
        Attention.Forward(qkv, @case.Offsets, shape, y, logSumExp);
        Attention.Backward(qkv, @case.Offsets, shape, y, logSumExp, device.Upload(@case.Tokens, shape.QueryWidth, @case.Dy()), dqkv);
        return (y.ToArray(), logSumExp.ToArray(), dqkv.ToArray());
    }

    private static double[] Doubles(float[] values) => Array.ConvertAll(values, value => (double)value);

    public sealed class Case(string name, int[] lengths, AttentionShape shape)
    {
        private float[]? _qkv;
        private float[]? _dy;

        public AttentionShape Shape => shape;

        public DocumentOffsets Offsets { get; } = DocumentOffsets.FromLengths(lengths);

        public int Tokens => Offsets.TokenCount;

        public float[] Qkv() => _qkv ??= Numbers.Random((long)Tokens * shape.TotalWidth, Tokens);

        public float[] Dy() => _dy ??= Numbers.Random((long)Tokens * shape.QueryWidth, Tokens + 1);

        public Case Only(int document)
        {
            int start = Offsets.Starts[document];
            int length = Offsets.LengthOf(document);
            return new Case($"{name}, document {document}", [length], shape)
            {
                _qkv = Qkv().AsSpan(start * shape.TotalWidth, length * shape.TotalWidth).ToArray(),
                _dy = Dy().AsSpan(start * shape.QueryWidth, length * shape.QueryWidth).ToArray(),
            };
        }

        public (string Name, int Start, int Width)[] Parts() =>
        [
            ("dq", 0, shape.QueryWidth),
            ("dk", shape.QueryWidth, shape.KeyValueWidth),
            ("dv", shape.QueryWidth + shape.KeyValueWidth, shape.KeyValueWidth),
        ];

        public override string ToString() => name;
    }
}
