namespace TinyLM.Mutations;

/// <summary>The deliberate bugs, across the lanes, the CPU's kernels and the GPU's.</summary>
internal static class Mutations
{
    private const string Elementwise = "FullyQualifiedName~GradientCheckTests|FullyQualifiedName~ExtremeInput|FullyQualifiedName~VectorMath|FullyQualifiedName~LaneTests";

    public static IReadOnlyList<Mutation> All { get; } =
    [
        new("Lanes/Dual.cs", "left.Derivative * right.Value + left.Value * right.Derivative", "left.Derivative * right.Value - left.Value * right.Derivative", Of("Multiply")),
        new("Lanes/Dual.cs", "(left.Derivative - quotient * right.Derivative) / right.Value", "(left.Derivative + quotient * right.Derivative) / right.Value", Of("Divide")),
        new("Lanes/Dual.cs", "(T.One - value * value) * x.Derivative", "(T.One - value) * x.Derivative", Of("Tanh")),
        new("Lanes/Dual.cs", "value * (T.One - value) * x.Derivative", "value * x.Derivative", Of("Silu")),
        new("Lanes/ILane.cs", "T.Constant(2f / 3)", "T.Constant(2f / 4)", Of("Softplus")),
        new("Lanes/ILane.cs", "T.Constant(0.5f * 0.254829592f)", "T.Constant(0.5f * 0.2548f)", Of("GeluErf")),
        new("Lanes/VectorMath.cs", "Vector512.Create(1.6666665459E-1f)", "Vector512.Create(1.666E-1f)", Elementwise),
        new("Kernels/Elementwise/Broadcast.cs", "tensor.Rows == Rows ? tensor.Columns : 0", "tensor.Columns", Of("Multiply")),
        new("Kernels/Elementwise/Elementwise.cs", "accumulateA && !IsPart(da, dy)", "accumulateA", Of("Multiply")),
        new("Kernels/Reduce/Reduce.Cpu.cs", "Sum(x, rows) / VectorLane.Constant(rows)", "Sum(x, rows) / VectorLane.Constant(rows + 1)", Of("Reduce")),
        new("Kernels/Reduce/Reduce.Cpu.cs", "VectorLane.SelectGreater(y, x, constant, zero)", "constant", Of("Reduce") + "|Name~first_of_equals"),
        new("Kernels/Reduce/Reduce.Gpu.cs", "shift + XMath.Log(total)", "XMath.Log(total)", Of("Reduce")),
        new("Kernels/Softmax.cs", "value * (upstream - total)", "value * (upstream + total)", Of("Softmax")),
        new("Kernels/TopK.cs", "value > best || (value == best && i < bestColumn)", "value >= best", "FullyQualifiedName~KernelTests"),
        new("Kernels/MatMul/MatMul.Gpu.cs", "sourceLine < lines && sourceStep < depth", "sourceLine < lines && sourceStep <= depth", "FullyQualifiedName~KernelTests|" + Of("Linear")),
        new("Kernels/MatMul/MatMul.Gpu.cs", "op.Apply(new ScalarLane(sum)).Value", "sum", Of("Linear")),
        new("Kernels/MatMul/MatMul.Blocked.cs", "endColumn - firstColumn", "block.Columns", Of("Linear") + "|FullyQualifiedName~ActivatedProduct"),
        new("Kernels/MatMul/MatMul.Blocked.cs", "block.Start + block.Depth == _product.Depth", "block.Start == 0", Of("Linear") + "|FullyQualifiedName~ActivatedProduct"),
        new("Kernels/MatMul/TileStore.cs", "Accumulate ? C[offset] + sum : sum", "sum", "FullyQualifiedName~MatMulTests|FullyQualifiedName~KernelTests"),
        new("Kernels/SegmentMatMul/SegmentMatMul.Cpu.cs", "w.RowRange(document * y.Columns, y.Columns)", "w.RowRange(0, y.Columns)", Of("SegmentMatMul")),
        new("Kernels/SegmentMatMul/SegmentMatMul.Gpu.cs", "(long)document * outputs * inputs", "(long)document * outputs", Of("SegmentMatMul")),
        new("Kernels/Attention/Attention.GpuForward.cs", "last + 1 - layout.Reach", "last - layout.Reach", Of("Attention")),
        new("Kernels/Attention/Attention.GpuForward.cs", "(sum * shrink) + WarpReduce.Sum(weight)", "sum + WarpReduce.Sum(weight)", Of("Attention")),
        new("Kernels/RmsNorm/RmsNorm.Gpu.cs", "x[first + i] * inverse * mean", "x[first + i] * mean", Of("RmsNorm")),
        new("Kernels/LayerNorm/LayerNorm.Gpu.cs", "inverse * (weighted - mean - (x[first + i] - center) * inverse * slope)", "inverse * (weighted - mean)", Of("LayerNorm")),
        new("Kernels/Rotary.cs", "second * cosine + first * sine", "second * cosine - first * sine", Of("Rotary")),
        new("Kernels/Embedding.cs", "VectorLane.Load(target + column) + VectorLane.Load(source + column)", "VectorLane.Load(source + column)", Of("Embedding")),
        new("Kernels/Embedding.cs", "sum + first + second + third + fourth", "sum + first + second + third", Of("Embedding")),
        new("Kernels/TokenOrder.cs", "Min(start + width, count)", "start + width", Of("Embedding")),
        new("Kernels/CrossEntropy/CrossEntropy.Cpu.cs", "1 + 2 * _zLoss * _logSumExp[row]", "1 + _zLoss * _logSumExp[row]", Of("CrossEntropy")),
        new("Kernels/CrossEntropy/LinearCrossEntropy.cs", "accumulateWeight || start > 0", "accumulateWeight", Of("CrossEntropy") + "|FullyQualifiedName~LinearCrossEntropyTests"),
        new("Kernels/AdamW.cs", "1 - Math.Pow(rule.Beta2, step)", "1 - Math.Pow(rule.Beta2, step + 1)", "FullyQualifiedName~KernelTests"),
        new("Kernels/Muon.cs", "T.SelectGreater(T.Constant(0), a * b, a, T.Constant(_keep) * a)", "T.Constant(_keep) * a", "FullyQualifiedName~KernelTests&Name~Muon"),
        new("Kernels/Muon.cs", "(1 - decay) * rows * columns / update.Length", "1 - decay", "FullyQualifiedName~KernelTests&Name~Muon"),
        new("Kernels/Sgd.cs", "Nesterov ? gradient + keep * velocity : velocity", "velocity", "FullyQualifiedName~KernelTests"),
        new("Kernels/Dropout.cs", "1 / (1 - probability)", "1 / (1 + probability)", Of("Dropout")),
        new("Kernels/BFloat16.cs", "(bits + odd + Vector512.Create(0x7FFFu)) >> 16", "(bits + Vector512.Create(0x7FFFu)) >> 16", "FullyQualifiedName~BFloat16|FullyQualifiedName~KernelTests"),
        new("Kernels/ColumnSums.cs", "sum += x[row * columns + column]", "sum = x[row * columns + column]", "FullyQualifiedName~KernelTests"),
        new("Kernels/RowCopy.cs", "_source + (long)_sourceRows[i] * _columns", "_source + i * _columns", Of("MergeRows")),
        new("Kernels/ColumnRange.cs", "row * targetStride + targetColumn + column", "row * targetStride + column", Of("Append")),
    ];

    private static string Of(string op) => $"(FullyQualifiedName~GradientCheckTests&Name~{op})";
}
