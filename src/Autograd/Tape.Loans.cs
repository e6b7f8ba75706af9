namespace TinyLM;

/// <content>Results that lie where gradients will be.</content>
public sealed partial class Tape
{
    /// <summary>After every op.</summary>
    private const int NoPosition = int.MaxValue;

    private readonly List<Parameter> _lenders = [];

    /// <summary>Of the backward pass, the op that it has come to.</summary>
    private int _position = NoPosition;

    /// <summary>The ops whose operands gradients have been written over.</summary>
    private (int First, int End) _spent;

    /// <summary>
    /// Lets results lie in the memory of these parameters' gradients until <see cref="EndLending"/>: idle in a forward pass, it is about as large as what a small batch
    /// leaves for the backward pass. For parameters that the pass needs no longer: then their gradients come when all that reads those results has run. The gradient of one
    /// that is used after all is put aside as long. In return there is one backward pass, after which the results are gone. Nothing is lent where there are gradients already, to
    /// be added to.
    /// </summary>
    public void LendGradients(ReadOnlySpan<Parameter> parameters)
    {
        foreach (Parameter parameter in parameters)
        {
            if (IsRecording && _trainsParameters && parameter is { HasGradient: false, Reserved.IsNone: true, LentFrom: null })
            {
                parameter.LentFrom = _operationCount;
                _lenders.Add(parameter);
                Device.Arena.Borrow(parameter.Gradient);
            }
        }
    }

    /// <summary>Results lie in memory of their own again.</summary>
    public void EndLending() => Device.Arena.EndBorrowing();

    private bool HoldsResults(Parameter parameter) => parameter.LentFrom <= _position;

    private GradientSlot BeginAside(Parameter parameter)
    {
        bool accumulate = !parameter.Aside.IsNone;
        if (!accumulate)
        {
            parameter.Aside = Allocate(parameter.Rows, parameter.Columns);
        }

        return new GradientSlot(parameter.Aside, accumulate);
    }

    /// <summary>What lies in the parameter's gradient is not needed any more.</summary>
    private void TakeBack(Parameter parameter)
    {
        if (parameter.LentFrom is not { } first)
        {
            return;
        }

        _spent = _spent.End == 0 ? (first, _operationCount) : (Math.Min(_spent.First, first), _operationCount);
        parameter.LentFrom = null;
        if (!parameter.Aside.IsNone)
        {
            Elementwise.Copy(parameter.Aside, parameter.Gradient);
            Device.Arena.Recycle(parameter.Aside);
            (parameter.Aside, parameter.HasGradient) = (default, true);
        }
    }

    /// <summary>At the end of a backward pass.</summary>
    private void TakeAllBack()
    {
        foreach (Parameter parameter in _lenders)
        {
            if (!parameter.Aside.IsNone)
            {
                TakeBack(parameter);
            }
        }
    }

    private void CheckUnspent(int index, (int First, int End) spent)
    {
        if (index >= spent.First && index < spent.End)
        {
            throw new InvalidOperationException(
                $"Backward: gradients lie by now where {_operations[index].Name} had its operands (LendGradients); go through it once, with the sum of the losses.");
        }
    }

    private void ForgetLoans()
    {
        foreach (Parameter parameter in _lenders)
        {
            (parameter.LentFrom, parameter.Aside) = (null, default);
        }

        _lenders.Clear();
        (_spent, _position) = (default, NoPosition);
    }
}
