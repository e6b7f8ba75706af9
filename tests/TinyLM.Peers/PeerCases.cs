using static TinyLM.Peers.Libtorch;

namespace TinyLM.Peers;

/// <summary>
/// Every op with libtorch as its judge: the cases of <see cref="OpCases"/> whose inputs say all, and here, in shapes of their own, those ops that
/// also take options, indices or documents. What both sides compute stands on adjacent lines.
/// </summary>
internal static partial class PeerCases
{
    private const float Epsilon = 1e-5f;

    public static IReadOnlyList<OpCase> Ops { get; } =
    [
        .. OpCases.All.Where(@case => Formulations.OfOps.ContainsKey(@case.Op)).Select(@case => @case.JudgedBy(Formulations.OfOps[@case.Op])),
        .. Linears(),
        .. Norms(),
        .. Reductions(),
        .. Moves(),
        .. Stream(),
    ];

    /// <summary>Ops of <see cref="OpCases"/> that nothing here compares: Dropout, whose random numbers are our own, and what is newer than this program.</summary>
    public static IEnumerable<string> Missing => OpCases.All.Select(@case => @case.Op).Except(Ops.Select(@case => @case.Op));

    private static OpCase Case(string op, string @case, OpInput[] inputs, Func<Tape, Variable[], Variable> ours, Formulation theirs) =>
        new OpCase(op, @case, inputs, ours, null!, null!).JudgedBy(theirs);

    private static OpInput Input(string name, int rows, int columns, Draw draw = Draw.Normal) => new(name, rows, columns, draw);

    private static IEnumerable<OpCase> Linears() =>
        from shape in new (int Rows, int Inputs, int Outputs)[] { (1, 33, 17), (70, 33, 65), (150, 70, 90) }
        let x = Input("x", shape.Rows, shape.Inputs)
        let weight = Input("weight", shape.Outputs, shape.Inputs)
        let bias = Input("bias", 1, shape.Outputs)
        let residual = Input("residual", shape.Rows, shape.Outputs)
        let name = $"{shape.Rows}x{shape.Inputs} to {shape.Outputs}"
        from @case in new[]
        {
            Case("Linear", name, [x, weight], (_, v) => v[0].Linear(v[1]), t => F.linear(t[0], t[1])),
            Case("Linear", $"{name} bias", [x, weight, bias], (_, v) => v[0].Linear(v[1], v[2]), t => F.linear(t[0], t[1], t[2].flatten())),
            Case("Linear", $"{name} residual", [x, weight, residual], (_, v) => v[0].Linear(v[1], default, v[2]), t => F.linear(t[0], t[1]) + t[2]),
            Case(
                "Linear", $"{name} bias residual", [x, weight, bias, residual],
                (_, v) => v[0].Linear(v[1], v[2], v[3]),
                t => F.linear(t[0], t[1], t[2].flatten()) + t[3]),
        }
        select @case;

    /// <summary>Of rows, and of the first heads of a row.</summary>
    private static IEnumerable<OpCase> Norms() =>
    [
        .. from shape in new (int Rows, int Columns)[] { (1, 24), (65, 17), (130, 33), (40, 256) }
           let x = Input("x", shape.Rows, shape.Columns)
           let gain = Input("gain", 1, shape.Columns, Draw.Positive)
           let bias = Input("bias", 1, shape.Columns)
           let name = $"{shape.Rows}x{shape.Columns}"
           from @case in new[]
           {
               Case("RmsNorm", name, [x], (_, v) => v[0].RmsNorm(default, Epsilon), t => TorchOps.RmsNorm(t[0], null, Epsilon)),
               Case("RmsNorm", $"{name} gain", [x, gain], (_, v) => v[0].RmsNorm(v[1], Epsilon), t => TorchOps.RmsNorm(t[0], t[1], Epsilon)),
               Case("LayerNorm", name, [x], (_, v) => v[0].LayerNorm(default, default, Epsilon), t => TorchOps.LayerNorm(t[0], null, null, Epsilon)),
               Case(
                   "LayerNorm", $"{name} gain", [x, gain],
                   (_, v) => v[0].LayerNorm(v[1], default, Epsilon),
                   t => TorchOps.LayerNorm(t[0], t[1], null, Epsilon)),
               Case(
                   "LayerNorm", $"{name} gain bias", [x, gain, bias],
                   (_, v) => v[0].LayerNorm(v[1], v[2], Epsilon),
                   t => TorchOps.LayerNorm(t[0], t[1], t[2], Epsilon)),
           }
           select @case,
        .. from shape in new (int Rows, int Heads, int Size, int Others)[] { (3, 2, 5, 0), (33, 2, 8, 8), (25, 4, 16, 17), (60, 5, 20, 40) }
           let x = Input("x", shape.Rows, shape.Heads * shape.Size + shape.Others)
           let gain = Input("gain", 1, shape.Size, Draw.Positive)
           let bias = Input("bias", 1, shape.Size)
           let name = $"{shape.Rows}x{shape.Heads} heads of {shape.Size} and {shape.Others}"
           from @case in new[]
           {
               Case(
                   "RmsNorm of heads", name, [x, gain],
                   (_, v) => v[0].RmsNorm(v[1], Epsilon, shape.Heads, shape.Size),
                   t => TorchOps.OfHeads(t[0], shape.Heads, shape.Size, part => TorchOps.RmsNorm(part, t[1], Epsilon))),
               Case(
                   "LayerNorm of heads", name, [x, gain, bias],
                   (_, v) => v[0].LayerNorm(v[1], v[2], Epsilon, shape.Heads, shape.Size),
                   t => TorchOps.OfHeads(t[0], shape.Heads, shape.Size, part => TorchOps.LayerNorm(part, t[1], t[2], Epsilon))),
           }
           select @case,
    ];

    private static IEnumerable<OpCase> Reductions() =>
    [
        .. from kind in Enum.GetValues<ReductionKind>()
           from shape in new (int Rows, int Columns)[] { (1, 17), (33, 1), (9, 33), (150, 70) }
           from axis in Enum.GetValues<Axis>()
           select Case(
               "Reduce", $"{kind} by {axis} of {shape.Rows}x{shape.Columns}", [Input("x", shape.Rows, shape.Columns, Draw.Positive)],
               (_, v) => v[0].Reduce(kind, axis),
               t => axis == Axis.All ? Reduced(kind, t[0].reshape(1, -1), 1) : Reduced(kind, t[0], axis == Axis.Row ? 1 : 0)),
        .. from kind in Enum.GetValues<ReductionKind>()
           from lengths in new[] { new[] { 7, 1, 5 }, [40, 30, 90] }
           let offsets = DocumentOffsets.FromLengths(lengths)
           select Case(
               "ReduceByDocument", $"{kind} of {Describe(lengths)}, 33 columns", [Input("x", offsets.TokenCount, 33, Draw.Positive)],
               (_, v) => v[0].ReduceByDocument(kind, offsets),
               t => torch.cat([.. Parts(t[0], lengths).Select(part => Reduced(kind, part, 0))], 0)),
    ];

    private static TorchTensor Reduced(ReductionKind kind, TorchTensor x, long dimension) => kind switch
    {
        ReductionKind.Sum => x.sum(dimension, keepdim: true),
        ReductionKind.Mean => x.mean([dimension], keepdim: true),
        ReductionKind.Max => x.amax([dimension], keepdim: true),
        _ => x.logsumexp(dimension, keepdim: true),
    };

    /// <summary>The rows of each document.</summary>
    private static TorchTensor[] Parts(TorchTensor x, int[] lengths) => x.split([.. lengths.Select(length => (long)length)], 0);

    private static IEnumerable<OpCase> Moves() =>
    [
        .. from part in new (int FirstRow, int Rows, int FirstColumn, int Columns)[] { (2, 5, 17, 16), (60, 10, 3, 15), (0, 70, 0, 33) }
           select Case(
               "RowRange, ColumnRange", $"{part.Rows}x{part.Columns} of 70x33", [Input("x", 70, 33)],
               (_, v) => v[0].RowRange(part.FirstRow, part.Rows).ColumnRange(part.FirstColumn, part.Columns),
               t => t[0].narrow(0, part.FirstRow, part.Rows).narrow(1, part.FirstColumn, part.Columns)),
        .. from shape in new (int Tokens, int Columns, int Rows)[] { (20, 17, 7), (70, 33, 5), (40, 8, 90) }
           let ids = RandomIndices(shape.Tokens, 0, shape.Rows)
           from @case in new[]
           {
               Case(
                   "Embedding", $"{shape.Rows}x{shape.Columns}, {shape.Tokens} tokens", [Input("table", shape.Rows, shape.Columns)],
                   (tape, v) => v[0].Embedding(tape.Device.TemporaryIndices(ids)),
                   t => t[0].index_select(0, Indices(ids))),
               Case(
                   "ScatterRows", $"{shape.Tokens} tokens of {shape.Columns} to {shape.Rows} rows", [Input("x", shape.Tokens, shape.Columns)],
                   (tape, v) => v[0].ScatterRows(tape.Device.TemporaryIndices(ids), shape.Rows),
                   t => t[0].new_zeros(shape.Rows, shape.Columns).index_add(0, Indices(ids), t[0], 1)),
           }
           select @case,
        .. from shape in new (int[] Lengths, int Inputs, int Outputs)[] { ([5, 1, 20], 17, 4), ([7, 18, 2, 40], 19, 21), ([90, 1, 60, 33, 7], 70, 40) }
           let offsets = DocumentOffsets.FromLengths(shape.Lengths)
           select Case(
               "SegmentMatMul", $"{Describe(shape.Lengths)}, {shape.Inputs} to {shape.Outputs}",
               [Input("x", offsets.TokenCount, shape.Inputs), Input("w", offsets.DocumentCount * shape.Outputs, shape.Inputs)],
               (_, v) => v[0].SegmentMatMul(v[1], offsets),
               t => torch.cat([.. Parts(t[0], shape.Lengths).Zip(t[1].chunk(offsets.DocumentCount, 0), (x, w) => x.matmul(w.t()))], 0)),
    ];

    /// <summary>In [smallest, end), of which the last is the smallest.</summary>
    private static int[] RandomIndices(int count, int smallest, int end)
    {
        var random = new Philox(seed: 3, Philox.Purpose("peers"));
        return [.. Enumerable.Range(0, count - 1).Select(i => smallest + (int)(random.Uniform((ulong)i) * (end - smallest))), smallest];
    }

    private static string Describe(int[] lengths) => string.Join("+", lengths);
}
