using ILGPU;

namespace TinyLM.Tests;

/// <summary>A kernel whose costs can be told beforehand.</summary>
internal static class PtxCountKernels
{
    public static readonly GpuKernel Strided = new(StridedKernel);

    public static void StridedKernel(ArrayView<int> x, int stride)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(1024);
        int i = Group.IdxX * stride;
        shared[i] = x[i];
        Group.Barrier();
        x[i] = shared[i];
    }
}
