namespace TinyLM;

/// <summary>Runs formulas over whole tensors, and their derivatives: the one place where an elementwise op meets a device.</summary>
public static partial class Elementwise
{
    /// <summary>Elements a worker should at least get: less is not worth waking it.</summary>
    private const int SmallestShare = 1 << 12;

    /// <summary>y = f(x). The three of one shape; y may be x.</summary>
    public static void Unary<TOp>(Tensor x, Tensor y)
        where TOp : struct, IUnaryOp
    {
        CheckShape<TOp>(x, y, nameof(y));
        switch (x.Device)
        {
            case CpuDevice cpu:
                cpu.For(Vectors(x), new UnaryBody<TOp>(x, y), SmallestShare / VectorLane.Width);
                break;
            case GpuDevice gpu:
                Launch(gpu, UnaryGpu<TOp>.Forward, x).With(x).With(y).With((int)x.Length).Run();
                break;
        }
    }

    /// <summary>dx = dy · f'(x), or dx += where <paramref name="accumulate"/>. dx may be dy.</summary>
    public static void UnaryBackward<TOp>(Tensor x, Tensor dy, Tensor dx, bool accumulate)
        where TOp : struct, IUnaryOp
    {
        CheckShape<TOp>(x, dy, nameof(dy));
        CheckShape<TOp>(x, dx, nameof(dx));
        switch (x.Device)
        {
            case CpuDevice cpu:
                cpu.For(Vectors(x), new UnaryBackwardBody<TOp>(x, dy, dx, accumulate), SmallestShare / VectorLane.Width);
                break;
            case GpuDevice gpu:
                Launch(gpu, UnaryGpu<TOp>.Backward, x).With(x).With(dy).With(dx).With(accumulate ? 1 : 0).With((int)x.Length).Run();
                break;
        }
    }

    /// <summary>y = f(a, b). All of one shape; y may be a or b.</summary>
    public static void Binary<TOp>(Tensor a, Tensor b, Tensor y)
        where TOp : struct, IBinaryOp
    {
        CheckShape<TOp>(a, b, nameof(b));
        CheckShape<TOp>(a, y, nameof(y));
        switch (a.Device)
        {
            case CpuDevice cpu:
                cpu.For(Vectors(a), new BinaryBody<TOp>(a, b, y), SmallestShare / VectorLane.Width);
                break;
            case GpuDevice gpu:
                Launch(gpu, BinaryGpu<TOp>.Forward, a).With(a).With(b).With(y).With((int)a.Length).Run();
                break;
        }
    }

    /// <summary>da = dy · ∂f/∂a and db = dy · ∂f/∂b, each added to what is there where its flag says so; a gradient that is none is left out.</summary>
    public static void BinaryBackward<TOp>(Tensor a, Tensor b, Tensor dy, Tensor da, bool accumulateA, Tensor db, bool accumulateB)
        where TOp : struct, IBinaryOp
    {
        CheckShape<TOp>(a, b, nameof(b));
        CheckShape<TOp>(a, dy, nameof(dy));
        switch (a.Device)
        {
            case CpuDevice cpu:
                cpu.For(Vectors(a), new BinaryBackwardBody<TOp>(a, b, dy, da, accumulateA, db, accumulateB), SmallestShare / VectorLane.Width);
                break;
            case GpuDevice gpu:
                Launch(gpu, BinaryGpu<TOp>.Backward, a).With(a).With(b).With(dy).With(da).With(db)
                    .With(accumulateA ? 1 : 0).With(accumulateB ? 1 : 0).With((int)a.Length).Run();
                break;
        }
    }

    /// <summary>target += source.</summary>
    public static void Accumulate(Tensor source, Tensor target) => Binary<Add>(target, source, target);

    /// <summary>Sets every element to <paramref name="value"/>.</summary>
    public static void Fill(Tensor x, float value)
    {
        switch (x.Device)
        {
            case CpuDevice cpu:
                cpu.For(Vectors(x), new FillBody(x, value), SmallestShare / VectorLane.Width);
                break;
            case GpuDevice gpu:
                Launch(gpu, FillGpu, x).With(x).With(value).With((int)x.Length).Run();
                break;
        }
    }

    private static long Vectors(Tensor x) => (x.Length + VectorLane.Width - 1) / VectorLane.Width;

    private static void CheckShape<TOp>(Tensor x, Tensor other, string name)
    {
        if (other.Rows != x.Rows || other.Columns != x.Columns)
        {
            throw new ArgumentException($"{typeof(TOp).Name}: {name} is {other.Describe()}, expected [{x.Rows}, {x.Columns}], the shape of {x.Describe()}.");
        }
    }
}
