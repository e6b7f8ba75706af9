using ILGPU;

namespace TinyLM;

/// <summary>
/// One step of stochastic gradient descent with momentum in one pass over memory: g ← g + decay·p, m ← μm + g, p ← p - lr·m, or with
/// Nesterov's momentum p ← p - lr·(g + μm) (Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013).
/// The decay is part of the gradient and so of the momentum, unlike that of <see cref="AdamW"/>.
/// <remarks>torch.optim.SGD, without dampening.</remarks>
/// </summary>
public static unsafe class Sgd
{
    private const int GroupSize = 256;
    private const int SmallestShare = 1 << 12;
    private static readonly GpuKernel StepGpu = new(StepKernel);

    /// <param name="values">p; so do gradients and momentum have its shape.</param>
    /// <param name="gradients">g.</param>
    /// <param name="momentum">m, zeros before the first step; none where the rule has no momentum.</param>
    /// <param name="rule">The hyperparameters.</param>
    /// <param name="learningRate">lr of this step.</param>
    /// <param name="weightDecay">Decay of these values; 0 for gains and biases.</param>
    /// <param name="gradientScale">g is multiplied by it first: the clip factor.</param>
    public static void Step(
        Tensor values, Tensor gradients, Tensor momentum, SgdRule rule, double learningRate, double weightDecay, double gradientScale)
    {
        Shapes.Check(nameof(Sgd), nameof(gradients), gradients, values.Rows, values.Columns);
        Shapes.CheckOptional(nameof(Sgd), nameof(momentum), momentum, values.Rows, values.Columns);
        if (momentum.IsNone && rule.Momentum != 0)
        {
            throw new ArgumentException($"Sgd: momentum is none, expected [{values.Rows}, {values.Columns}], as the rule's momentum is not 0.");
        }

        float scale = (float)gradientScale, decay = (float)weightDecay, rate = (float)learningRate, keep = (float)rule.Momentum;
        switch (values.Device)
        {
            case CpuDevice cpu:
                long vectors = (values.Length + VectorLane.Width - 1) / VectorLane.Width;
                var body = new StepBody(values, gradients, momentum) { Scale = scale, Decay = decay, Rate = rate, Keep = keep, Nesterov = rule.Nesterov };
                cpu.For(vectors, body, SmallestShare / VectorLane.Width);
                break;
            case GpuDevice gpu:
                gpu.Launch(StepGpu, (int)((values.Length + GroupSize - 1) / GroupSize), GroupSize)
                    .With(values).With(gradients).With(momentum).With(values.Length)
                    .With(scale).With(decay).With(rate).With(keep).With(rule.Nesterov ? 1 : 0).Run();
                break;
        }
    }

    private struct StepBody(Tensor values, Tensor gradients, Tensor momentum) : CpuDevice.IRangeBody
    {
        public float Scale, Decay, Rate, Keep;
        public bool Nesterov;

        private readonly float* _values = values.Pointer, _gradients = gradients.Pointer, _momentum = momentum.Pointer;
        private readonly long _length = values.Length;

        public readonly void Run(long start, long end)
        {
            VectorLane scale = VectorLane.Constant(Scale), decay = VectorLane.Constant(Decay);
            VectorLane rate = VectorLane.Constant(Rate), keep = VectorLane.Constant(Keep);
            for (long i = start * VectorLane.Width; i < end * VectorLane.Width; i += VectorLane.Width)
            {
                int count = (int)Math.Min(VectorLane.Width, _length - i);
                VectorLane value = VectorLane.Load(_values + i);
                VectorLane gradient = scale * VectorLane.Load(_gradients + i) + decay * value;
                VectorLane velocity = gradient;
                if (_momentum != null)
                {
                    velocity = keep * VectorLane.Load(_momentum + i) + gradient;
                    velocity.StoreFirst(_momentum + i, count);
                }

                VectorLane update = Nesterov ? gradient + keep * velocity : velocity;
                (value - rate * update).StoreFirst(_values + i, count);
            }
        }
    }

    private static void StepKernel(
        ArrayView<float> values, ArrayView<float> gradients, ArrayView<float> momentum, long length,
        float scale, float decay, float rate, float keep, int nesterov)
    {
        long i = (long)Grid.IdxX * GroupSize + Group.IdxX;
        if (i >= length)
        {
            return;
        }

        float gradient = scale * gradients[i] + decay * values[i];
        float velocity = gradient;
        if (momentum.Length > 0)
        {
            velocity = keep * momentum[i] + gradient;
            momentum[i] = velocity;
        }

        values[i] -= rate * (nesterov != 0 ? gradient + keep * velocity : velocity);
    }
}

/// <summary>SGD's hyperparameters that do not change from step to step.</summary>
/// <param name="Momentum">μ; 0 for none.</param>
/// <param name="Nesterov">Whether the step looks ahead along the momentum.</param>
public sealed record SgdRule(double Momentum = 0.9, bool Nesterov = false);
