namespace TinyLM.Tests;

/// <content>Formulas: each is one line here.</content>
public static partial class OpCases
{
    /// <summary>Shapes of two operands that differ: a row, a column or a single value against a matrix, a column against a row.</summary>
    private static ((int Rows, int Columns) A, (int Rows, int Columns) B)[] BroadcastShapes =>
    [
        ((9, 33), (1, 33)), ((9, 33), (9, 1)), ((9, 33), (1, 1)), ((1, 17), (70, 17)), ((5, 1), (5, 17)), ((1, 1), (3, 18)), ((7, 1), (1, 19)), ((70, 1), (1, 1)),
        ((130, 100), (1, 100)), ((130, 100), (130, 1)),
    ];

    /// <summary>All formulas go through the same code: one unary and one binary one meet every shape, the others these.</summary>
    private static (int Rows, int Columns)[] FewShapes => [Shapes[1], Shapes[3], Shapes[5]];

    /// <summary>Each unary formula, of any shape.</summary>
    internal static IReadOnlyList<Func<(int Rows, int Columns), OpCase>> UnaryFormulas =>
    [
        Unary<Exp>(Math.Exp, Math.Exp),
        Unary<Log>(Math.Log, x => 1 / x, Draw.Positive),
        Unary<Sqrt>(Math.Sqrt, x => 0.5 / Math.Sqrt(x), Draw.Positive),
        Unary<Rsqrt>(x => 1 / Math.Sqrt(x), x => -0.5 * Math.Pow(x, -1.5), Draw.Positive),
        Unary<Reciprocal>(x => 1 / x, x => -1 / (x * x), Draw.AwayFromZero),
        Unary<Absolute>(Math.Abs, x => Math.Sign(x), Draw.AwayFromZero),
        Unary<Negate>(x => -x, _ => -1),
        Unary<Tanh>(Math.Tanh, Reference.TanhDerivative),
        Unary<Sigmoid>(Reference.Sigmoid, x => Reference.Sigmoid(x) * Reference.Sigmoid(-x)),
        Unary<Softplus>(x => Math.Log(1 + Math.Exp(x)), Reference.Sigmoid),
        Unary<Silu>(Reference.Silu, Reference.SiluDerivative),
        Unary<Gelu>(Reference.Gelu, Reference.GeluDerivative),
        Unary<GeluErf>(Reference.GeluErf, Reference.GeluErfDerivative),
        Unary<Relu>(x => Math.Max(x, 0), x => x > 0 ? 1 : 0, Draw.AwayFromZero),
        Unary<ReluSquared>(Reference.ReluSquared, Reference.ReluSquaredDerivative, Draw.AwayFromZero),
        Unary(x => Math.Clamp(x, 0, 1.5), x => x is > 0 and < 1.5 ? 1 : 0, Draw.AwayFromZero, new Clamp(0, 1.5f)),
        Unary(x => Math.Pow(x, 3), x => 3 * x * x, Draw.AwayFromZero, new Power(3), "3"),
        Unary(x => Math.Pow(x, -2), x => -2 * Math.Pow(x, -3), Draw.AwayFromZero, new Power(-2), "-2"),
        Unary(x => Math.Pow(x, 1.5), x => 1.5 * Math.Sqrt(x), Draw.Positive, new Power(1.5f), "1.5"),
        Unary(x => 2 * Math.Tanh(x / 2), x => Reference.TanhDerivative(x / 2), Draw.Normal, new Softcap(2)),
        Unary(x => 3 * x - 0.5, _ => 3, Draw.Normal, new Affine(3, -0.5f)),
        Unary(x => Reference.Silu(2 * x + 1), x => 2 * Reference.SiluDerivative(2 * x + 1), Draw.Normal, new Affine(2, 1).Then(new Silu()), "fused"),
    ];

    /// <summary>Each binary formula, of any two shapes that go together.</summary>
    internal static IReadOnlyList<Func<(int Rows, int Columns), (int Rows, int Columns), OpCase>> BinaryFormulas =>
    [
        Binary<Add>((a, b) => a + b, (_, _) => (1, 1)),
        Binary<Subtract>((a, b) => a - b, (_, _) => (1, -1)),
        Binary<Multiply>((a, b) => a * b, (a, b) => (b, a)),
        Binary<Divide>((a, b) => a / b, (a, b) => (1 / b, -a / (b * b)), Draw.Positive),
        Binary<Minimum>(Math.Min, (a, b) => a < b ? (1, 0) : (0, 1)),
        Binary<Maximum>(Math.Max, (a, b) => a > b ? (1, 0) : (0, 1)),
        Binary<SwiGlu>((a, b) => Reference.Silu(a) * b, (a, b) => (Reference.SiluDerivative(a) * b, Reference.Silu(a))),
        Binary<GeGlu>((a, b) => Reference.Gelu(a) * b, (a, b) => (Reference.GeluDerivative(a) * b, Reference.Gelu(a))),
        Binary((a, b) => 2 * a - 0.5 * b, (_, _) => (2, -0.5), Draw.Normal, new WeightedSum(2, -0.5f)),
        Binary(
            (a, b) => Math.Tanh(Reference.Sigmoid(a) * b), Reference.TanhOfGateDerivatives, Draw.Normal, new Sigmoid().Into(new Multiply()).AndThen(new Tanh()), "fused"),
    ];

    private static IEnumerable<OpCase> Elementwise() =>
    [
        .. from formula in UnaryFormulas
           from shape in formula(Shapes[0]).Op == nameof(Silu) ? Shapes : FewShapes
           select formula(shape),
        .. from formula in BinaryFormulas
           from shape in formula(Shapes[0], Shapes[0]).Op == nameof(Multiply)
               ? Shapes.Select(shape => (A: shape, B: shape)).Concat(BroadcastShapes)
               : FewShapes.Select(shape => (A: shape, B: shape)).Concat(BroadcastShapes[1..2])
           select formula(shape.A, shape.B),
    ];

    private static Func<(int Rows, int Columns), OpCase> Unary<TOp>(
        Func<double, double> value, Func<double, double> derivative, Draw draw = Draw.Normal, TOp op = default, string constants = "")
        where TOp : unmanaged, IUnaryOp => shape => new OpCase(
            Named<TOp>(constants), $"{shape.Rows}x{shape.Columns}", [Input("x", shape.Rows, shape.Columns, draw)],
            (_, v) => v[0].Apply(op),
            x => x[0].Map(value),
            (x, dy) => [x[0].Map(derivative).Zip(dy, (slope, upstream) => slope * upstream)])
        {
            IsLarge = IsLarge(shape.Rows, shape.Columns),
        };

    private static Func<(int Rows, int Columns), (int Rows, int Columns), OpCase> Binary<TOp>(
        Func<double, double, double> value, Func<double, double, (double A, double B)> derivatives, Draw drawB = Draw.Normal, TOp op = default, string constants = "")
        where TOp : unmanaged, IBinaryOp => (a, b) => new OpCase(
            Named<TOp>(constants), a == b ? $"{a.Rows}x{a.Columns}" : $"{a.Rows}x{a.Columns} with {b.Rows}x{b.Columns}",
            [Input("a", a.Rows, a.Columns), Input("b", b.Rows, b.Columns, drawB)],
            (_, v) => v[0].Apply(v[1], op),
            x => Reference.Broadcast(x[0], x[1], value),
            (x, dy) => Reference.BroadcastGradient(x[0], x[1], derivatives, dy))
        {
            IsLarge = IsLarge(Math.Max(a.Rows, b.Rows), Math.Max(a.Columns, b.Columns)),
        };

    private static string Named<TOp>(string constants)
    {
        string name = typeof(TOp).Name.Split('`')[0];
        return constants.Length == 0 ? name : $"{name} {constants}";
    }
}
