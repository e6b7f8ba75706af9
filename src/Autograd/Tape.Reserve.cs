namespace TinyLM;

/// <content>Gradients that a forward pass computes, but for a factor, where they will be.</content>
public sealed partial class Tape
{
    internal Tensor ReserveGradient(int index)
    {
        ref readonly TapeNode node = ref _nodes[index];
        if (node.Parameter is not { HasGradient: false, Reserved.IsNone: true, LentFrom: null } parameter)
        {
            return Allocate(node.Value.Rows, node.Value.Columns);
        }

        parameter.Reserved = parameter.Gradient;
        return parameter.Gradient;
    }

    internal Tensor TakeReservedGradient(int index, Tensor reserved)
    {
        if (_nodes[index].Parameter is not { } parameter || reserved.Address != parameter.Gradient.Address)
        {
            return reserved;
        }

        Tensor place = parameter.Reserved;
        parameter.Reserved = default;
        return place;
    }

    /// <summary>Another op's gradient comes first: what was put by makes room.</summary>
    private void MoveReserved(Parameter parameter)
    {
        if (!parameter.Reserved.IsNone && parameter.Reserved.Address == parameter.Gradient.Address)
        {
            Tensor aside = Allocate(parameter.Rows, parameter.Columns);
            Elementwise.Copy(parameter.Gradient, aside);
            parameter.Reserved = aside;
        }
    }

    /// <summary>What no backward pass has asked for ends with the step.</summary>
    private void ForgetReserved()
    {
        for (int i = 0; i < _nodeCount; i++)
        {
            if (_nodes[i].Parameter is { } parameter)
            {
                parameter.Reserved = default;
            }
        }
    }
}
