namespace TinyLM;

/// <content>Results that are not kept from the forward to the backward pass, but made again.</content>
public sealed partial class Tape
{
    /// <summary>Set while backward passes run: only they read what was released.</summary>
    private bool _isPropagating;

    internal Tensor Value(int index, int step)
    {
        ref readonly TapeNode node = ref Node(index, step);
        return node.IsReleased ? Repeat(index) : node.Value;
    }

    internal void Release(int index)
    {
        ref TapeNode node = ref _nodes[index];
        bool isNeededAgain = IsRecording && node.Producer is not { IsRepeatable: true };
        if (node.IsResult && !node.IsReleased && !isNeededAgain)
        {
            Device.Arena.Recycle(node.Value);
            node.IsReleased = true;
        }
    }

    /// <summary>For an op that writes its result over its operand.</summary>
    internal Tensor TakeValue(int index)
    {
        ref TapeNode node = ref _nodes[index];
        if (!node.IsResult || node.IsReleased)
        {
            throw new InvalidOperationException(
                $"Tape: {node.Value.Describe()} is no op's result, or one whose memory was given back; an op in place writes only over such a result.");
        }

        node.IsReleased = true;
        return node.Value;
    }

    private Tensor Repeat(int index)
    {
        ref TapeNode node = ref _nodes[index];
        if (!_isPropagating || node.Producer is not { IsRepeatable: true } producer)
        {
            throw new InvalidOperationException(
                $"Variable: the result of {node.Producer?.Name ?? "an op"} [{node.Value.Rows}, {node.Value.Columns}] has given its memory to others; read it before.");
        }

        Tensor value = Allocate(node.Value.Rows, node.Value.Columns);
        producer.Repeat(value);

        // Not the reference from before: the op may have grown the list of nodes.
        (_nodes[index].Value, _nodes[index].IsReleased, _nodes[index].IsRepeated) = (value, false, true);
        return value;
    }

    /// <summary>Gives back what was made again, once its own op's backward pass has run: all that read it have run before.</summary>
    private void ForgetRepeated(int index)
    {
        ref TapeNode node = ref _nodes[index];
        if (node.IsRepeated)
        {
            Device.Arena.Recycle(node.Value);
            (node.IsReleased, node.IsRepeated) = (true, false);
        }
    }
}
