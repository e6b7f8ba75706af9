namespace TinyLM;

/// <summary>Differentiable losses and the sum that makes a scalar of them.</summary>
public static class LossOperations
{
    /// <summary>The negative log-likelihood of each token's target, in nats; 0 where there is none (-1).</summary>
    /// <param name="logits">[tokens, vocabulary].</param>
    /// <param name="targets">[tokens].</param>
    /// <returns>[tokens, 1].</returns>
    public static Variable CrossEntropy(this Variable logits, IndexTensor targets)
    {
        Tensor losses = logits.Tape.Allocate(logits.Rows, 1), logSumExp = logits.Tape.Allocate(logits.Rows, 1);
        TinyLM.CrossEntropy.Forward(logits.Value, targets, losses, logSumExp);
        var operation = logits.Tape.Record<CrossEntropyRecord>(logits);
        operation?.Set(logits, targets, logSumExp);
        return logits.Tape.Result(operation, losses);
    }

    /// <summary>scale · Σ of all elements: [1, 1].</summary>
    public static Variable Sum(this Variable x, float scale = 1)
    {
        Tensor y = x.Tape.Allocate(1, 1);
        Reduction.Sum(x.Value, y, scale);
        var operation = x.Tape.Record<SumRecord>(x);
        operation?.Set(x, scale);
        return x.Tape.Result(operation, y);
    }

    private sealed class CrossEntropyRecord : Operation
    {
        private Variable _logits;
        private IndexTensor _targets;
        private Tensor _logSumExp;

        public override string Name => "CrossEntropy";

        public void Set(Variable logits, IndexTensor targets, Tensor logSumExp) => (_logits, _targets, _logSumExp) = (logits, targets, logSumExp);

        public override void Backward(Tensor gradient)
        {
            GradientSlot logits = _logits.BeginGradient();
            TinyLM.CrossEntropy.Backward(_logits.Value, _targets, _logSumExp, gradient, logits.Tensor, logits.Accumulate);
        }
    }

    private sealed class SumRecord : Operation
    {
        private Variable _x;
        private float _scale;

        public override string Name => "Sum";

        public void Set(Variable x, float scale) => (_x, _scale) = (x, scale);

        public override void Backward(Tensor gradient)
        {
            GradientSlot x = _x.BeginGradient();
            Reduction.SumBackward(gradient, _scale, x.Tensor, x.Accumulate);
        }
    }
}
