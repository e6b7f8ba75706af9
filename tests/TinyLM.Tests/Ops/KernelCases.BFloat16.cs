namespace TinyLM.Tests;

/// <content>Kernels that take bfloat16: against the reference of the rounded values.</content>
public static partial class KernelCases
{
    private static IEnumerable<KernelCase> BFloat16s() =>
    [
        .. from shape in new[] { (1, 1), (1, 17), (3, 33), (65, 16), (200, 150) }
           select Rounded(shape.Item1, shape.Item2),
        .. from layout in new[] { "NN", "NT" }
           from shape in MatMulShapes.Append((Rows: 200, Columns: 90, Depth: 130))
           from accumulate in new[] { false, true }
           select MatMulOfBFloat16(layout, shape.Rows, shape.Columns, shape.Depth, accumulate),
    ];

    /// <summary>There and back.</summary>
    private static KernelCase Rounded(int rows, int columns) => new(
        "BFloat16", $"{rows}x{columns}", [new("x", rows, columns)],
        (device, x) => Written(device, rows, columns, y => BFloat16.Widen(Round(device, x[0]), y)),
        x => [x[0].Map(Reference.RoundToBFloat16)])
    {
        IsLarge = rows * columns > 5000,
    };

    private static KernelCase MatMulOfBFloat16(string layout, int rows, int columns, int depth, bool accumulate)
    {
        bool transposeB = layout[1] == 'T';
        return new KernelCase(
            "MatMul", $"{layout} {rows}x{columns}x{depth} by bf16{(accumulate ? " accumulate" : "")}",
            [new("a", rows, depth), transposeB ? new("b", columns, depth) : new("b", depth, columns), new("c", rows, columns)],
            (device, x) => accumulate
                ? Overwritten(x[2], () => TinyLM.MatMul.Multiply(x[0], Round(device, x[1]), transposeB, x[2], accumulate: true))
                : Written(device, rows, columns, c => TinyLM.MatMul.Multiply(x[0], Round(device, x[1]), transposeB, c)),
            x =>
            {
                Matrix product = Reference.Product(x[0], false, x[1].Map(Reference.RoundToBFloat16), transposeB);
                return [accumulate ? Reference.Add(product, x[2]) : product];
            })
        {
            IsLarge = rows * columns > 5000,
        };
    }

    private static BFloat16Tensor Round(Device device, Tensor x)
    {
        BFloat16Tensor rounded = device.TemporaryBFloat16(x.Rows, x.Columns);
        BFloat16.Round(x, rounded);
        return rounded;
    }
}
