namespace TinyLM;

/// <summary>
/// Orthogonalises a matrix, up to a rule's tolerance: U·S·Vᵀ becomes nearly U·Vᵀ. x ← x / (margin·‖x‖ + ε), then a few steps of the quintic
/// x ← a·x + (b·A + c·A²)·x with A = x·xᵀ, each of which maps every singular value σ to aσ + bσ³ + cσ⁵. A tall matrix takes A = xᵀ·x on the
/// other side, which is the same and keeps A small. Only matrix products: no decomposition, the same on every device.
/// <remarks>K. Jordan, "Muon: an optimizer for hidden layers in neural networks", 2024; after Bernstein and Newhouse, "Old optimizer, new
/// norm", 2024.</remarks>
/// </summary>
public static class NewtonSchulz
{
    /// <param name="x">[rows, columns].</param>
    /// <param name="y">[rows, columns]: the orthogonalised x. May be x.</param>
    /// <param name="rule">Coefficients of the steps: how near, from how small a singular value.</param>
    public static void Orthogonalize(Tensor x, Tensor y, NewtonSchulzRule rule)
    {
        Shapes.Check(nameof(NewtonSchulz), nameof(y), y, x.Rows, x.Columns);
        Device device = x.Device;
        bool isTall = x.Rows > x.Columns;
        int size = Math.Min(x.Rows, x.Columns);
        Tensor square = device.Temporary(1, 1), gram = device.Temporary(size, size), product = device.Temporary(size, size);
        Tensor aside = device.Temporary(x.Rows, x.Columns);

        // Each step changes places, and the last one must write y.
        var (current, next) = rule.Steps.Count % 2 == 0 ? (y, aside) : (aside, y);
        Reduction.SumOfSquares(x, square);
        Elementwise.Binary(x, square, current, new OverNorm((float)rule.Margin, (float)rule.Epsilon));
        for (int step = 0; step < rule.Steps.Count; step++)
        {
            var (a, b, c) = rule.Steps[step];
            MatMul.Multiply(current, isTall, current, !isTall, gram);
            MatMul.Multiply(gram, false, gram, false, product);
            Elementwise.Binary(gram, product, product, new WeightedSum((float)b, (float)c));
            Elementwise.Unary(current, next, new Affine((float)a, 0));
            if (isTall)
            {
                MatMul.Multiply(current, false, product, false, next, accumulate: true);
            }
            else
            {
                MatMul.Multiply(product, false, current, false, next, accumulate: true);
            }

            (current, next) = (next, current);
        }

        device.Arena.Recycle(aside);
        device.Arena.Recycle(product);
        device.Arena.Recycle(gram);
        device.Arena.Recycle(square);
    }

    /// <summary>x / (margin · √square + ε).</summary>
    private readonly struct OverNorm(float margin, float epsilon) : IBinaryOp
    {
        private readonly float _margin = margin, _epsilon = epsilon;

        public T Apply<T>(T x, T square)
            where T : struct, ILane<T> => x / (T.Constant(_margin) * T.Sqrt(square) + T.Constant(_epsilon));
    }
}

/// <summary>The coefficients of an orthogonalisation.</summary>
/// <param name="Steps">(a, b, c) of each quintic step.</param>
/// <param name="Margin">The Frobenius norm is divided out this many times: a little more than 1 keeps rounding from passing 1.</param>
/// <param name="Epsilon">Added to the norm, for a matrix of zeros.</param>
public sealed record NewtonSchulzRule(IReadOnlyList<(double A, double B, double C)> Steps, double Margin, double Epsilon)
{
    private static readonly (double A, double B, double C) JordanStep = (3.4445, -4.7750, 2.0315);

    /// <summary>
    /// K. Jordan's: one quintic five times, its slope at 0 as large as it may be. Singular values from 0.005 of the norm end in
    /// [0.68, 1.16]; they do not converge to 1.
    /// </summary>
    public static NewtonSchulzRule Jordan { get; } = new([JordanStep, JordanStep, JordanStep, JordanStep, JordanStep], 1, 1e-7);

    /// <summary>
    /// Amsel et al., "The Polar Express: optimal matrix sign methods and their application to the Muon algorithm", 2025: each step the best
    /// for what the one before left. Singular values from 0.005 of the norm end in [0.85, 1.15].
    /// </summary>
    public static NewtonSchulzRule PolarExpress { get; } = new(
        [
            (8.156554524902461, -22.48329292557795, 15.878769915207462),
            (4.042929935166739, -2.808917465908714, 0.5000178451051316),
            (3.8916678022926607, -2.772484153217685, 0.5060648178503393),
            (3.285753657755655, -2.3681294933425376, 0.46449024233003106),
            (2.3465413258596377, -1.7097828382687081, 0.42323551169305323),
        ],
        1.02,
        1e-6);
}
