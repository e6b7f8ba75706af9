using TinyLM;

namespace CustomOp;

/// <summary>The GPU kernels of <see cref="Distances"/>, from the first that works to the fastest.</summary>
public enum Rung
{
    /// <summary>A thread a result; every operand comes from global memory, again and again.</summary>
    Naive,

    /// <summary>Tiles of both operands go through shared memory: an element is read once for sixteen results.</summary>
    Tiled,

    /// <summary>The products run on the tensor cores, in bfloat16 with float32 sums: good to about 1e-2.</summary>
    TensorCore,
}

/// <summary>
/// Squared distances of every row of x to every row of c, as k-means and vector quantisation need them: y[i, j] = Σ over k of (x[i, k] - c[j, k])².
/// Backward, with r the sums of dy's rows and s those of its columns: dx = 2·(r ⊙ x - dy·c), dc = 2·(s ⊙ c - dyᵀ·x). <remarks>torch.cdist(x, c)²</remarks>
/// </summary>
public static partial class Distances
{
    /// <param name="x">[rows, columns].</param>
    /// <param name="c">[centers, columns].</param>
    /// <param name="y">[rows, centers].</param>
    /// <param name="rung">Which of the GPU's kernels; the CPU has one.</param>
    public static void Forward(Tensor x, Tensor c, Tensor y, Rung rung = Rung.Tiled)
    {
        Shapes.Check(nameof(Distances), nameof(c), c, c.Rows, x.Columns);
        Shapes.Check(nameof(Distances), nameof(y), y, x.Rows, c.Rows);
        switch (x.Device)
        {
            case CpuDevice cpu:
                cpu.For(x.Rows, new ForwardBody(x, c, y));
                break;
            case GpuDevice gpu:
                ForwardOnGpu(gpu, x, c, y, rung);
                break;
        }
    }

    /// <summary>Writes, or adds to, dx [rows, columns] and dc [centers, columns]; either may be none. All of it is made of kernels that are there.</summary>
    public static void Backward(Tensor x, Tensor c, Tensor dy, Tensor dx, bool accumulateX, Tensor dc, bool accumulateC)
    {
        Shapes.Check(nameof(Distances), nameof(dy), dy, x.Rows, c.Rows);
        Device device = x.Device;
        if (!dx.IsNone)
        {
            Tensor sums = device.Temporary(x.Rows, 1), products = device.Temporary(x.Rows, x.Columns);
            Reduce.Rows(ReductionKind.Sum, dy, sums);
            MatMul.Multiply(dy, false, c, false, products);
            Combine(sums, x, products, dx, accumulateX);
        }

        if (!dc.IsNone)
        {
            Tensor sums = device.Temporary(1, c.Rows), products = device.Temporary(c.Rows, c.Columns);
            ColumnSums.Forward(dy, sums, accumulate: false);
            MatMul.Multiply(dy, true, x, false, products);
            Combine(sums.Reshape(c.Rows, 1), c, products, dc, accumulateC);
        }
    }

    /// <summary>target = (or +=) 2·(sums ⊙ values - products), where each row of the values has its own sum.</summary>
    private static void Combine(Tensor sums, Tensor values, Tensor products, Tensor target, bool accumulate)
    {
        Tensor scaled = values.Device.Temporary(values.Rows, values.Columns);
        Elementwise.Binary<Multiply>(values, sums, scaled);
        Elementwise.Binary(scaled, products, scaled, new Subtract().AndThen(new Affine(2, 0)));
        if (accumulate)
        {
            Elementwise.Accumulate(scaled, target);
        }
        else
        {
            Elementwise.Copy(scaled, target);
        }
    }
}
