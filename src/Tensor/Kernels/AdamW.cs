using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Algorithms;

namespace TinyLM;

/// <summary>
/// One AdamW step (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019) in one pass over memory:
/// m ← β₁m + (1-β₁)g, v ← β₂v + (1-β₂)g², p ← (1 - lr·decay)·p - lr · (m/(1-β₁ᵗ)) / (√(v/(1-β₂ᵗ)) + ε).
/// <remarks>torch.optim.AdamW</remarks>
/// </summary>
public static unsafe class AdamW
{
    private const int GroupSize = 256;
    private const int SmallestShare = 1 << 12;
    private static readonly GpuKernel StepGpu = new(StepKernel);

    /// <param name="values">p; so do gradients, first (m) and second (v) moments have its shape.</param>
    /// <param name="gradients">g.</param>
    /// <param name="first">m.</param>
    /// <param name="second">v.</param>
    /// <param name="rule">The hyperparameters.</param>
    /// <param name="step">t, from 1.</param>
    /// <param name="learningRate">lr of this step.</param>
    /// <param name="weightDecay">Decay of these values; 0 for gains and biases.</param>
    /// <param name="gradientScale">g is multiplied by it first: the clip factor.</param>
    public static void Step(
        Tensor values, Tensor gradients, Tensor first, Tensor second, AdamWRule rule, long step, double learningRate, double weightDecay, double gradientScale)
    {
        Shapes.Check(nameof(AdamW), nameof(gradients), gradients, values.Rows, values.Columns);
        Shapes.Check(nameof(AdamW), nameof(first), first, values.Rows, values.Columns);
        Shapes.Check(nameof(AdamW), nameof(second), second, values.Rows, values.Columns);
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        double correction1 = 1 - Math.Pow(rule.Beta1, step), correction2 = 1 - Math.Pow(rule.Beta2, step);
        // √(v / c₂) + ε = (√v + ε√c₂) / √c₂: the corrections move into the step's size and into ε.
        var coefficients = new Coefficients
        {
            GradientScale = (float)gradientScale,
            Beta1 = (float)rule.Beta1,
            Beta2 = (float)rule.Beta2,
            Keep = (float)(1 - learningRate * weightDecay),
            Rate = (float)(learningRate * Math.Sqrt(correction2) / correction1),
            Epsilon = (float)(rule.Epsilon * Math.Sqrt(correction2)),
        };
        switch (values.Device)
        {
            case CpuDevice cpu:
                long vectors = (values.Length + VectorLane.Width - 1) / VectorLane.Width;
                cpu.For(vectors, new StepBody(values, gradients, first, second, coefficients), SmallestShare / VectorLane.Width);
                break;
            case GpuDevice gpu:
                gpu.Launch(StepGpu, (int)((values.Length + GroupSize - 1) / GroupSize), GroupSize)
                    .With(values).With(gradients).With(first).With(second).With(values.Length)
                    .With(coefficients.GradientScale).With(coefficients.Beta1).With(coefficients.Beta2)
                    .With(coefficients.Keep).With(coefficients.Rate).With(coefficients.Epsilon).Run();
                break;
        }
    }

    private struct Coefficients
    {
        public float GradientScale, Beta1, Beta2, Keep, Rate, Epsilon;
    }

    private readonly struct StepBody(Tensor values, Tensor gradients, Tensor first, Tensor second, Coefficients coefficients) : CpuDevice.IRangeBody
    {
        private readonly float* _values = values.Pointer, _gradients = gradients.Pointer, _first = first.Pointer, _second = second.Pointer;
        private readonly long _length = values.Length;
        private readonly Coefficients _coefficients = coefficients;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            VectorLane scale = VectorLane.Constant(_coefficients.GradientScale), keep = VectorLane.Constant(_coefficients.Keep);
            VectorLane beta1 = VectorLane.Constant(_coefficients.Beta1), new1 = VectorLane.Constant(1 - _coefficients.Beta1);
            VectorLane beta2 = VectorLane.Constant(_coefficients.Beta2), new2 = VectorLane.Constant(1 - _coefficients.Beta2);
            VectorLane rate = VectorLane.Constant(_coefficients.Rate), epsilon = VectorLane.Constant(_coefficients.Epsilon);
            for (long i = start * VectorLane.Width; i < end * VectorLane.Width; i += VectorLane.Width)
            {
                int count = (int)Math.Min(VectorLane.Width, _length - i);
                VectorLane gradient = VectorLane.Load(_gradients + i) * scale;
                VectorLane first = beta1 * VectorLane.Load(_first + i) + new1 * gradient;
                VectorLane second = beta2 * VectorLane.Load(_second + i) + new2 * (gradient * gradient);
                first.StoreFirst(_first + i, count);
                second.StoreFirst(_second + i, count);
                VectorLane value = keep * VectorLane.Load(_values + i) - rate * first / (VectorLane.Sqrt(second) + epsilon);
                value.StoreFirst(_values + i, count);
            }
        }
    }

    private static void StepKernel(
        ArrayView<float> values, ArrayView<float> gradients, ArrayView<float> first, ArrayView<float> second, long length,
        float gradientScale, float beta1, float beta2, float keep, float rate, float epsilon)
    {
        long i = (long)Grid.IdxX * GroupSize + Group.IdxX;
        if (i >= length)
        {
            return;
        }

        float gradient = gradients[i] * gradientScale;
        float m = beta1 * first[i] + (1 - beta1) * gradient;
        float v = beta2 * second[i] + (1 - beta2) * (gradient * gradient);
        first[i] = m;
        second[i] = v;
        values[i] = keep * values[i] - rate * m / (XMath.Sqrt(v) + epsilon);
    }
}

/// <summary>AdamW's hyperparameters that do not change from step to step. A class: <c>new()</c> of a struct would forget the defaults.</summary>
public sealed record AdamWRule(double Beta1 = 0.9, double Beta2 = 0.99, double Epsilon = 1e-8);
