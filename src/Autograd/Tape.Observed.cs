namespace TinyLM;

/// <content>What is told to an observer of the step.</content>
public sealed partial class Tape
{
    private ITapeObserver? _observer;

    /// <summary>The variables whose gradients the running op has begun; null without an observer.</summary>
    private List<int>? _written;

    private WrittenGradient[] _writtenGradients = [];
    private string _observedName = "";
    private long _operandBytes;

    /// <summary>Notes the op that is about to give its result: without gradients it leaves no record.</summary>
    private void Observe<TOperation>(Variable a, Variable b, Variable c)
        where TOperation : Operation, new()
    {
        _observedName = NameOf<TOperation>.Name;
        _operandBytes += (Length(a) + Length(b) + Length(c)) * sizeof(float);

        // Not that of its value, which an op in place has taken.
        static long Length(Variable operand) => (long)operand.Rows * operand.Columns;
    }

    private void ObserveResult(Operation? operation, Tensor value)
    {
        _observer!.Forward(operation?.Name ?? _observedName, value, _operandBytes, operation?.ForwardFlops ?? 0);
        _operandBytes = 0;
    }

    private void ObserveBackward(Operation operation, Tensor gradient)
    {
        List<int> written = _written!;
        if (_writtenGradients.Length < written.Count)
        {
            _writtenGradients = new WrittenGradient[2 * written.Count];
        }

        for (int i = 0; i < written.Count; i++)
        {
            ref readonly TapeNode node = ref _nodes[written[i]];
            _writtenGradients[i] = new WrittenGradient(node.CurrentGradient, node.Value, node.Parameter, node.Producer?.Name);
        }

        _observer!.Backward(operation.Name, gradient, _writtenGradients.AsSpan(0, written.Count), operation.BackwardFlops);
        written.Clear();
    }

    /// <summary>The name of a kind of op, also where none is recorded.</summary>
    private static class NameOf<TOperation>
        where TOperation : Operation, new()
    {
        public static readonly string Name = new TOperation().Name;
    }
}
