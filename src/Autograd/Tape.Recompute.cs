namespace TinyLM;

/// <content>Blocks that are computed again in the backward pass.</content>
public sealed partial class Tape
{
    /// <summary>
    /// y = block(x, state), of which only y is kept: the backward pass computes the block again to differentiate it, so that its intermediate results
    /// take memory for a moment instead of the whole step, at the price of one more forward pass (Chen et al., "Training Deep Nets with Sublinear
    /// Memory Cost", 2016). The gradients have the same bits as without. <remarks>torch.utils.checkpoint</remarks>
    /// </summary>
    /// <param name="x">The block's input.</param>
    /// <param name="state">What else the block needs, constants and layers; a variable in it gets its gradient too.</param>
    /// <param name="block">
    /// Runs twice with the same results, so it draws no random number from a state of its own; a static lambda, so that nothing is allocated.
    /// No variable that it makes may be used outside, but for the one that it returns.
    /// </param>
    public Variable Recompute<TState>(Variable x, TState state, Func<Variable, TState, Variable> block)
    {
        ArgumentNullException.ThrowIfNull(block);
        if (!IsRecording)
        {
            return block(x, state);
        }

        int node = _nodeCount, scope = Device.Arena.BeginScope();
        Tensor y;
        using (WithoutGradients())
        {
            y = block(x, state).Value;
        }

        Device.Arena.KeepBeyondScope(scope, y);
        EndBlock(node, scope);
        RecomputeRecord<TState> operation = NextRecord<RecomputeRecord<TState>>();
        operation.Set(x, state, block);
        return Result(operation, y);
    }

    /// <summary>Runs the block with records, and their backward passes.</summary>
    private void RecomputeBackward<TState>(Variable x, TState state, Func<Variable, TState, Variable> block, Tensor gradient)
    {
        int node = _nodeCount, operation = _operationCount, scope = Device.Arena.BeginScope();
        using (new GradientPause(this, IsRecording))
        {
            IsRecording = true;
            block(x, state).PassGradient(gradient);
        }

        bool passed = _passed;
        Propagate(operation);
        _passed = passed;
        for (int i = 0; i < node; i++)
        {
            if (_nodes[i] is { HasGradient: true, Parameter: null })
            {
                Device.Arena.KeepBeyondScope(scope, _nodes[i].Gradient);
            }

            if (_nodes[i].IsRepeated)
            {
                Device.Arena.KeepBeyondScope(scope, _nodes[i].Value);
            }
        }

        EndBlock(node, scope);
        _operationCount = operation;
    }

    /// <summary>Gives the block's memory back. Its variables are left without a value: whoever has got hold of one is told.</summary>
    private void EndBlock(int firstNode, int scope)
    {
        Device.Arena.EndScope(scope);
        Array.Clear(_nodes, firstNode, _nodeCount - firstNode);
    }

    private sealed class RecomputeRecord<TState> : Operation
    {
        private Variable _x;
        private TState _state = default!;
        private Func<Variable, TState, Variable> _block = null!;

        public override string Name => "Recompute";

        public void Set(Variable x, TState state, Func<Variable, TState, Variable> block) => (_x, _state, _block) = (x, state, block);

        public override void Backward(Tensor gradient) => Output.Tape.RecomputeBackward(_x, _state, _block, gradient);
    }
}
