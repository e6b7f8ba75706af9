namespace TinyLM;

public static partial class MatMul
{
    private static void MultiplyOnGpu(
        GpuDevice device, Tensor a, bool transposeA, Tensor b, bool transposeB, Tensor c, bool accumulate, Tensor bias, Tensor residual) =>
        throw new NotSupportedException();
}
