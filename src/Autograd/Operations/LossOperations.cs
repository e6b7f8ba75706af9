namespace TinyLM;

/// <summary>Differentiable losses and the sum that makes a scalar of them.</summary>
public static class LossOperations
{
    /// <summary>The negative log-likelihood of each token's target, in nats; 0 where there is none (-1).</summary>
    /// <param name="logits">[tokens, vocabulary].</param>
    /// <param name="targets">[tokens].</param>
    /// <param name="options">Z-loss and softcap.</param>
    /// <returns>[tokens, 1].</returns>
    public static Variable CrossEntropy(this Variable logits, IndexTensor targets, CrossEntropyOptions options = default)
    {
        Tensor losses = logits.Tape.Allocate(logits.Rows, 1), logSumExp = logits.Tape.Allocate(logits.Rows, 1);
        TinyLM.CrossEntropy.Forward(logits.Value, targets, losses, logSumExp, options);
        var operation = logits.Tape.Record<CrossEntropyRecord>(logits);
        operation?.Set(logits, targets, logSumExp, options);
        return logits.Tape.Result(operation, losses);
    }

    /// <summary>
    /// The loss of each token under logits x·weightᵀ, which are never all held. The backward pass makes them again: for training,
    /// <see cref="LinearCrossEntropySum"/> saves that.
    /// </summary>
    /// <param name="x">[tokens, width].</param>
    /// <param name="weight">[vocabulary, width].</param>
    /// <param name="targets">[tokens], -1 where there is none.</param>
    /// <param name="options">Z-loss and softcap.</param>
    /// <returns>[tokens, 1], 0 where there is no target.</returns>
    public static Variable LinearCrossEntropy(this Variable x, Variable weight, IndexTensor targets, CrossEntropyOptions options = default)
    {
        Tensor losses = x.Tape.Allocate(x.Rows, 1), logSumExp = x.Tape.Allocate(x.Rows, 1);
        TinyLM.LinearCrossEntropy.Forward(x.Value, weight.Value, targets, losses, logSumExp, options);
        var operation = x.Tape.Record<LinearCrossEntropyRecord>(x, weight);
        operation?.Set(x, weight, targets, logSumExp, options);
        return x.Tape.Result(operation, losses);
    }

    /// <summary>
    /// scale · Σ of the tokens' losses under logits x·weightᵀ, which are never all held. Since the gradient of each loss is known to be the
    /// scale, a recording tape computes those of x and weight in the same pass, and the backward pass only multiplies them by what comes from above.
    /// </summary>
    /// <param name="x">[tokens, width].</param>
    /// <param name="weight">[vocabulary, width].</param>
    /// <param name="targets">[tokens], -1 where there is none.</param>
    /// <param name="scale">1 / the number of targets gives the mean.</param>
    /// <param name="options">Z-loss and softcap.</param>
    /// <returns>[1, 1].</returns>
    public static Variable LinearCrossEntropySum(this Variable x, Variable weight, IndexTensor targets, float scale = 1, CrossEntropyOptions options = default)
    {
        Tape tape = x.Tape;
        Tensor sum = tape.Allocate(1, 1), losses = tape.Allocate(x.Rows, 1), second = tape.Allocate(x.Rows, 1);
        var operation = tape.Record<LinearCrossEntropySumRecord>(x, weight);
        if (operation is null)
        {
            TinyLM.LinearCrossEntropy.Forward(x.Value, weight.Value, targets, losses, second, options);
        }
        else
        {
            Tensor dx = x.RequiresGradient ? tape.Allocate(x.Rows, x.Columns) : default;
            Tensor dweight = weight.RequiresGradient ? weight.ReserveGradient() : default;
            Elementwise.Fill(second, scale);
            TinyLM.LinearCrossEntropy.ForwardAndBackward(x.Value, weight.Value, targets, losses, second, dx, dweight, options);
            operation.Set(x, weight, dx, dweight);
        }

        Reduction.Sum(losses, sum, scale);
        tape.Device.Arena.Recycle(losses);
        tape.Device.Arena.Recycle(second);
        return tape.Result(operation, sum);
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
        private CrossEntropyOptions _options;

        public override string Name => "CrossEntropy";

        public void Set(Variable logits, IndexTensor targets, Tensor logSumExp, CrossEntropyOptions options) =>
            (_logits, _targets, _logSumExp, _options) = (logits, targets, logSumExp, options);

        public override void Backward(Tensor gradient)
        {
            GradientSlot logits = _logits.BeginGradient();
            TinyLM.CrossEntropy.Backward(_logits.Value, _targets, _logSumExp, gradient, logits.Tensor, logits.Accumulate, _options);
        }
    }

    private sealed class LinearCrossEntropyRecord : Operation
    {
        private Variable _x, _weight;
        private IndexTensor _targets;
        private Tensor _logSumExp;
        private CrossEntropyOptions _options;

        public override string Name => "LinearCrossEntropy";

        public override long ForwardFlops => 2L * _x.Rows * _weight.Rows * _weight.Columns;

        public override long BackwardFlops => 3 * ForwardFlops;

        public void Set(Variable x, Variable weight, IndexTensor targets, Tensor logSumExp, CrossEntropyOptions options) =>
            (_x, _weight, _targets, _logSumExp, _options) = (x, weight, targets, logSumExp, options);

        public override void Backward(Tensor gradient)
        {
            GradientSlot x = _x.BeginGradient(), weight = _weight.BeginGradient();
            TinyLM.LinearCrossEntropy.Backward(
                _x.Value, _weight.Value, _targets, _logSumExp, gradient, x.Tensor, x.Accumulate, weight.Tensor, weight.Accumulate, _options);
        }
    }

    private sealed class LinearCrossEntropySumRecord : Operation
    {
        private Variable _x, _weight;
        private Tensor _dx, _dweight;

        public override string Name => "LinearCrossEntropySum";

        public override long ForwardFlops => 6L * _x.Rows * _weight.Rows * _weight.Columns;

        public void Set(Variable x, Variable weight, Tensor dx, Tensor dweight) => (_x, _weight, _dx, _dweight) = (x, weight, dx, dweight);

        public override void Backward(Tensor gradient)
        {
            Pass(_x, _dx, gradient);
            Pass(_weight, _weight.RequiresGradient ? _weight.TakeReservedGradient(_dweight) : default, gradient);
        }

        /// <summary>Adds gradient · ready: the derivative of a product by its other factor. What is ready may lie where it goes.</summary>
        private static void Pass(Variable operand, Tensor ready, Tensor gradient)
        {
            GradientSlot slot = operand.BeginGradient();
            if (slot.IsWanted)
            {
                Elementwise.BinaryBackward<Multiply>(ready, gradient, ready, slot.Tensor, slot.Accumulate, default, false);
            }
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
