using System.Runtime.CompilerServices;
using ILGPU;

namespace TinyLM;

/// <summary>
/// y = x / (1 - p) where a random number of the element's place is at least p, elsewhere 0 (Srivastava et al., 2014). The numbers come from a counter,
/// so that every device drops the same elements, and the backward pass, which is the same function of dy, draws them again instead of keeping a mask.
/// <remarks>torch.nn.functional.dropout</remarks>
/// </summary>
public static unsafe class Dropout
{
    /// <summary>Elements that one block of random bits serves.</summary>
    private const int Quad = 4;
    private const int GroupSize = 256;
    private const int SmallestShare = 1 << 10;
    private static readonly GpuKernel ApplyGpu = new(ApplyKernel);

    /// <param name="x">[rows, columns].</param>
    /// <param name="probability">p, in [0, 1): the share that is dropped.</param>
    /// <param name="random">Of the run's seed and the purpose of this place in the model.</param>
    /// <param name="counter">The first counter; a draw uses one for every four elements, so steps must lie at least that far apart.</param>
    /// <param name="y">[rows, columns]; may be x.</param>
    /// <param name="accumulate">Adds to y.</param>
    public static void Apply(Tensor x, double probability, Philox random, ulong counter, Tensor y, bool accumulate)
    {
        Shapes.Check(nameof(Dropout), nameof(y), y, x.Rows, x.Columns);
        if (!(probability is >= 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(probability), $"Dropout: the probability is {probability}, expected 0 or more and less than 1.");
        }

        // An element stays where its 32 bits are not below p · 2³².
        uint threshold = (uint)Math.Min(uint.MaxValue, Math.Round(probability * 4294967296.0));
        float scale = (float)(1 / (1 - probability));
        long quads = (x.Length + Quad - 1) / Quad;
        switch (x.Device)
        {
            case CpuDevice cpu:
                cpu.For(quads, new ApplyBody(x, threshold, scale, random, counter, y, accumulate), SmallestShare / Quad);
                break;
            case GpuDevice gpu:
                gpu.Launch(ApplyGpu, (int)((quads + GroupSize - 1) / GroupSize), GroupSize)
                    .With(x).With(threshold).With(scale).WithStruct(random).With(counter).With(y).With(accumulate ? 1 : 0).With(x.Length).Run();
                break;
        }
    }

    private readonly struct ApplyBody(Tensor x, uint threshold, float scale, Philox random, ulong counter, Tensor y, bool accumulate) : CpuDevice.IRangeBody
    {
        private readonly float* _x = x.Pointer, _y = y.Pointer;
        private readonly long _length = x.Length;
        private readonly bool _accumulate = accumulate;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            uint* bits = stackalloc uint[Quad];
            for (long quad = start; quad < end; quad++)
            {
                (bits[0], bits[1], bits[2], bits[3]) = random.Block(counter + (ulong)quad);
                int count = (int)Math.Min(Quad, _length - quad * Quad);
                float* x = _x + quad * Quad, y = _y + quad * Quad;
                for (int i = 0; i < count; i++)
                {
                    float value = bits[i] >= threshold ? x[i] * scale : 0;
                    y[i] = _accumulate ? y[i] + value : value;
                }
            }
        }
    }

    private static void ApplyKernel(
        ArrayView<float> x, uint threshold, float scale, Philox random, ulong counter, ArrayView<float> y, int accumulate, long length)
    {
        long quad = (long)Grid.IdxX * GroupSize + Group.IdxX;
        if (quad * Quad >= length)
        {
            return;
        }

        var (bits0, bits1, bits2, bits3) = random.Block(counter + (ulong)quad);
        Element(x, threshold, scale, bits0, quad * Quad, y, accumulate, length);
        Element(x, threshold, scale, bits1, quad * Quad + 1, y, accumulate, length);
        Element(x, threshold, scale, bits2, quad * Quad + 2, y, accumulate, length);
        Element(x, threshold, scale, bits3, quad * Quad + 3, y, accumulate, length);
    }

    private static void Element(ArrayView<float> x, uint threshold, float scale, uint bits, long i, ArrayView<float> y, int accumulate, long length)
    {
        if (i < length)
        {
            float value = bits >= threshold ? x[i] * scale : 0f;
            y[i] = accumulate != 0 ? y[i] + value : value;
        }
    }
}
