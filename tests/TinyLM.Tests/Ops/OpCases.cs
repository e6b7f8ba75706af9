namespace TinyLM.Tests;

/// <summary>
/// Every differentiable op, in the shapes where kernels go wrong: one row, one column, 17 and 33 columns (which fill no lane and no warp),
/// more than 64 rows (a second chunk of a column sum). Sizes are small, since all of it also runs on an interpreter; the large ones are
/// for the CPU's threads alone.
/// </summary>
public static partial class OpCases
{
    // With one column, x̂ is 1 and the gradient nearly cancels: a large ε keeps what is left above float32's rounding.
    internal const float OneColumnEpsilon = 0.5f;
    internal const float Epsilon = 1e-5f;

    private static readonly (int Rows, int Columns)[] Shapes = [(1, 1), (1, 17), (17, 1), (9, 33), (65, 33), (130, 100)];

    public static IReadOnlyList<OpCase> All { get; } =
    [
        .. Elementwise(),
        .. Linears(),
        .. ActivatedLinears(),
        .. RmsNorms(),
        .. LayerNorms(),
        .. Embeddings(),
        .. Rotaries(),
        .. Attentions(),
        .. AttentionOptions(),
        .. CrossEntropies(),
        .. Sums(),
        .. Reductions(),
        .. Moves(),
    ];

    private static OpInput Input(string name, int rows, int columns, Draw draw = Draw.Normal) => new(name, rows, columns, draw);

    /// <summary>Larger than an interpreter likes, and cut into shares for several threads.</summary>
    private static bool IsLarge(int rows, int columns) => rows * columns > 5000;

    private static IEnumerable<OpCase> Linears() =>
    [
        Linear(1, 1, 1), Linear(1, 33, 17), Linear(5, 17, 33), Linear(3, 1, 40), Linear(2, 40, 1), Linear(65, 16, 16), Linear(70, 33, 65),
        Linear(7, 19, 21, bias: true), Linear(7, 19, 21, residual: true), Linear(66, 8, 33, bias: true, residual: true),
        Linear(150, 70, 90, bias: true, residual: true, isLarge: true),
    ];

    internal static OpCase Linear(int rows, int inputs, int outputs, bool bias = false, bool residual = false, bool isLarge = false)
    {
        List<OpInput> operands = [Input("x", rows, inputs), Input("weight", outputs, inputs)];
        int biasIndex = bias ? operands.Count : -1, residualIndex = residual ? operands.Count + (bias ? 1 : 0) : -1;
        operands.AddRange(bias ? [Input("bias", 1, outputs)] : []);
        operands.AddRange(residual ? [Input("residual", rows, outputs)] : []);
        return new OpCase(
            "Linear", $"{rows}x{inputs} to {outputs}{(bias ? " bias" : "")}{(residual ? " residual" : "")}", [.. operands],
            (_, v) => v[0].Linear(v[1], bias ? v[biasIndex] : default, residual ? v[residualIndex] : default),
            x => Reference.Linear(x[0], x[1], bias ? x[biasIndex] : null, residual ? x[residualIndex] : null),
            (x, dy) => LinearGradients(Reference.LinearGradient(x[0], x[1], dy), bias, residual))
        {
            IsLarge = isLarge,
            BFloat16 = new(
                Input: 1, (_, v) => v[0].Linear(Rounded(v[1]), v[1], bias ? v[biasIndex] : default, residual ? v[residualIndex] : default)),
        };
    }

    /// <summary>Up to four rows, whole tiles and parts of them, sums in one block and in two.</summary>
    private static IEnumerable<OpCase> ActivatedLinears() =>
    [
        .. from shape in new[] { (1, 1, 1), (1, 33, 17), (4, 17, 33), (5, 40, 1), (13, 16, 16), (70, 33, 65), (150, 70, 90), (30, 520, 70) }
           from bias in new[] { false, true }
           select Linear<Gelu>(shape, bias, Reference.Gelu, Reference.GeluDerivative),
        Linear<ReluSquared>((3, 20, 40), bias: true, Reference.ReluSquared, Reference.ReluSquaredDerivative),
        Linear<ReluSquared>((66, 8, 35), bias: false, Reference.ReluSquared, Reference.ReluSquaredDerivative),
        Linear((7, 19, 21), bias: true, x => 2 * Math.Tanh(x / 2), x => Reference.TanhDerivative(x / 2), new Softcap(2)),
    ];

    private static OpCase Linear<TOp>(
        (int Rows, int Inputs, int Outputs) shape, bool bias, Func<double, double> value, Func<double, double> derivative, TOp op = default)
        where TOp : unmanaged, IUnaryOp
    {
        var (rows, inputs, outputs) = shape;
        return new OpCase(
            $"Linear {typeof(TOp).Name}", $"{rows}x{inputs} to {outputs}{(bias ? " bias" : "")}",
            [Input("x", rows, inputs), Input("weight", outputs, inputs), .. bias ? [Input("bias", 1, outputs)] : Array.Empty<OpInput>()],
            (_, v) => v[0].Linear(v[1], bias ? v[2] : default, op),
            x => Sums(x).Map(value),
            (x, dy) => LinearGradients(
                Reference.LinearGradient(x[0], x[1], Sums(x).Map(derivative).Zip(dy, (slope, upstream) => slope * upstream)), bias, residual: false))
        {
            IsLarge = IsLarge(rows, outputs),
            BFloat16 = new(Input: 1, (_, v) => v[0].Linear(Rounded(v[1]), v[1], bias ? v[2] : default, op)),
        };

        Matrix Sums(Matrix[] x) => Reference.Linear(x[0], x[1], bias ? x[2] : null, residual: null);
    }

    /// <summary>The value of a weight in bfloat16.</summary>
    private static BFloat16Tensor Rounded(Variable weight)
    {
        BFloat16Tensor rounded = weight.Device.TemporaryBFloat16(weight.Rows, weight.Columns);
        BFloat16.Round(weight.Value, rounded);
        return rounded;
    }

    private static Matrix[] LinearGradients(Matrix[] all, bool bias, bool residual) =>
        [all[0], all[1], .. bias ? [all[2]] : Array.Empty<Matrix>(), .. residual ? [all[3]] : Array.Empty<Matrix>()];

    private static IEnumerable<OpCase> RmsNorms() =>
        from shape in NormShapes
        from gain in new[] { false, true }
        select RmsNorm(shape.Rows, shape.Columns, shape.Epsilon, gain);

    internal static OpCase RmsNorm(int rows, int columns, float epsilon, bool gain) => new(
        "RmsNorm", $"{rows}x{columns}{(gain ? " gain" : "")}", [.. NormInputs(rows, columns, gain, bias: false)],
        (_, v) => v[0].RmsNorm(gain ? v[1] : default, epsilon),
        x => Reference.RmsNorm(x[0], gain ? x[1] : null, epsilon),
        (x, dy) => Reference.RmsNormGradient(x[0], gain ? x[1] : null, epsilon, dy))
    {
        IsLarge = IsLarge(rows, columns),
    };

    private static IEnumerable<OpCase> LayerNorms() =>
        from shape in NormShapes
        from operands in new (bool Gain, bool Bias)[] { (false, false), (true, false), (true, true) }
        select LayerNorm(shape.Rows, shape.Columns, shape.Epsilon, operands.Gain, operands.Bias);

    /// <summary>A bias comes with a gain only.</summary>
    internal static OpCase LayerNorm(int rows, int columns, float epsilon, bool gain, bool bias) => new(
        "LayerNorm", $"{rows}x{columns}{(gain ? " gain" : "")}{(bias ? " bias" : "")}", [.. NormInputs(rows, columns, gain, bias)],
        (_, v) => v[0].LayerNorm(gain ? v[1] : default, bias ? v[2] : default, epsilon),
        x => Reference.LayerNorm(x[0], gain ? x[1] : null, bias ? x[2] : null, epsilon),
        (x, dy) => Reference.LayerNormGradient(x[0], gain ? x[1] : null, epsilon, dy))
    {
        IsLarge = IsLarge(rows, columns),
    };

    private static (int Rows, int Columns, float Epsilon)[] NormShapes =>
        [(1, 24, Epsilon), (5, 1, OneColumnEpsilon), (3, 17, Epsilon), (2, 33, Epsilon), (65, 17, Epsilon), (130, 8, Epsilon), (200, 50, Epsilon)];

    private static IEnumerable<OpInput> NormInputs(int rows, int columns, bool gain, bool bias)
    {
        yield return Input("x", rows, columns);
        if (gain)
        {
            yield return Input("gain", 1, columns, Draw.Positive);
        }

        if (bias)
        {
            yield return Input("bias", 1, columns);
        }
    }
}
