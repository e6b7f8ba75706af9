namespace TinyLM;

/// <summary>
/// The record of one step: every result of a differentiable op, in order, so that <see cref="Backward(Variable)"/> can walk it in reverse. It
/// ends with <see cref="Dispose"/>, and with it all that the step put in the arena. <c>using Tape tape = device.BeginTape();</c>
/// </summary>
public sealed partial class Tape : IDisposable
{
    private readonly List<Operation> _operations = [];
    private TapeNode[] _nodes = new TapeNode[256];
    private int _nodeCount;
    private int _operationCount;
    private bool _trainsParameters;

    /// <summary>Set when the running op has handed its output's gradient on, memory and all.</summary>
    private bool _passed;

    /// <summary>Where the gradient lies that the caller of <see cref="Backward(Variable, Tensor)"/> has given, and still owns.</summary>
    private nint _lent;

    internal Tape(Device device)
    {
        Device = device;
    }

    public Device Device { get; }

    /// <summary>False in a tape or a scope without gradients: ops compute, nothing is recorded.</summary>
    public bool IsRecording { get; private set; }

    /// <summary>Arithmetic of the ops whose backward pass has run, both passes: products and attention; the ops of a recomputed block count once.</summary>
    public long Flops { get; private set; }

    /// <summary>Whether the tape is between <see cref="TapeExtensions.BeginTape"/> and <see cref="Dispose"/>.</summary>
    internal bool IsOpen { get; private set; }

    /// <summary>A value that needs no gradient.</summary>
    public Variable Constant(Tensor value) => AddLeaf(new TapeNode { Value = value });

    /// <summary>A value whose gradient is wanted after <see cref="Backward(Variable)"/>.</summary>
    public Variable Input(Tensor value) => AddLeaf(new TapeNode { Value = value, RequiresGradient = IsRecording, IsLeaf = true });

    /// <summary>A parameter; its gradient goes to <see cref="Parameter.Gradient"/>, unless the tape leaves parameters alone.</summary>
    public Variable Use(Parameter parameter) =>
        AddLeaf(new TapeNode { Value = parameter.Value, RequiresGradient = IsRecording && _trainsParameters, IsLeaf = true, Parameter = parameter });

    /// <summary>As <see cref="Use"/>; none for none.</summary>
    public Variable UseOptional(Parameter? parameter) => parameter is null ? default : Use(parameter);

    /// <summary>A result with undefined contents, for an op to write.</summary>
    public Tensor Allocate(int rows, int columns) => Device.Result(rows, columns);

    /// <summary>
    /// Records nothing until the end of the scope: <c>using (tape.WithoutGradients()) { … }</c>. What is computed, used or put on the tape in it
    /// gets no gradient, and lets none through. <remarks>torch.no_grad</remarks>
    /// </summary>
    public GradientPause WithoutGradients()
    {
        var pause = new GradientPause(this, IsRecording);
        IsRecording = false;
        return pause;
    }

    /// <summary>
    /// For an op: its record on this tape, to be filled in, or null where no operand wants a gradient. The object may have served an
    /// earlier step: set all of its fields.
    /// </summary>
    public TOperation? Record<TOperation>(Variable a, Variable b = default, Variable c = default)
        where TOperation : Operation, new()
    {
        CheckOwn<TOperation>(a);
        CheckOwn<TOperation>(b);
        CheckOwn<TOperation>(c);
        if (_observer is not null)
        {
            Observe<TOperation>(a, b, c);
        }

        return WantsRecord(a, b, c) ? NextRecord<TOperation>() : null;
    }

    /// <summary>Whether an op of these operands gets a <see cref="Record"/>: for one that keeps more than its result only for the backward pass.</summary>
    public bool WantsRecord(Variable a, Variable b = default, Variable c = default) =>
        IsRecording && (a.RequiresGradient || b.RequiresGradient || c.RequiresGradient);

    /// <summary>For an op: its result, tied to its record.</summary>
    public Variable Result(Operation? operation, Tensor value)
    {
        Variable result = Add(new TapeNode { Value = value, RequiresGradient = operation is not null, IsResult = true });
        if (operation is not null)
        {
            operation.Output = result;
            _nodes[result.Index].Producer = operation;
        }

        if (_observer is not null)
        {
            ObserveResult(operation, value);
        }

        return result;
    }

    /// <summary>Computes the gradient of a [1, 1] loss with respect to every parameter and input that led to it.</summary>
    public void Backward(Variable loss)
    {
        if (loss.Value.Length != 1)
        {
            throw new ArgumentException($"Backward: the loss is {loss.Value.Describe()}, expected [1, 1]; sum it up first.");
        }

        CheckRecorded(loss);
        Elementwise.Fill(loss.BeginGradient().Tensor, 1);
        Propagate(0);
    }

    /// <summary>As <see cref="Backward(Variable)"/>, for a result of any shape whose gradient is given. It is left as it is.</summary>
    public void Backward(Variable output, Tensor gradient)
    {
        if (gradient.Rows != output.Rows || gradient.Columns != output.Columns)
        {
            throw new ArgumentException($"Backward: the gradient is {gradient.Describe()}, expected [{output.Rows}, {output.Columns}], the shape of the result.");
        }

        CheckRecorded(output);
        ref TapeNode node = ref Node(output);
        if (node.Producer is null or { OverwritesGradient: true })
        {
            Elementwise.Copy(gradient, output.BeginGradient().Tensor);
            Propagate(0);
            return;
        }

        (node.Gradient, node.HasGradient, _lent) = (gradient, true, gradient.Address);
        _written?.Add(output.Index);
        Propagate(0);
        _lent = 0;
    }

    /// <summary>Tells the step's observer of work that is no op on the tape and has just been done: an optimiser's step.</summary>
    /// <param name="work">Its name.</param>
    /// <param name="bytes">What it read and wrote.</param>
    public void Report(string work, long bytes) => _observer?.Work(work, bytes);

    public void Dispose()
    {
        if (IsOpen)
        {
            _observer?.End();
            _observer = null;
            ForgetReserved();
            ForgetLoans();
            Array.Clear(_nodes, 0, _nodeCount);
            (_nodeCount, _operationCount, IsOpen) = (0, 0, false);
            Device.Arena.EndStep();
        }
    }

    internal void Open(bool gradients, bool trainsParameters, ITapeObserver? observer, long step)
    {
        (IsOpen, IsRecording, _isPropagating, _trainsParameters, _observer) = (true, gradients, false, trainsParameters, observer);
        (_written, _operandBytes, Flops, _lent) = (observer is null ? null : [], 0, 0, 0);
        observer?.Begin(Device, step);
    }

    internal void Resume(bool isRecording) => IsRecording = isRecording;

    internal ref readonly TapeNode Node(int index, int step)
    {
        // The tape is reused: the same place may hold another step's variable by now.
        if (step != Device.Arena.Step)
        {
            throw new InvalidOperationException(
                $"Variable: it belongs to step {step}, whose tape has been disposed (now: step {Device.Arena.Step}); copy what you need with ToArray() before.");
        }

        return ref _nodes[index];
    }

    internal GradientSlot BeginGradient(int index)
    {
        ref TapeNode node = ref _nodes[index];
        bool accumulate = node.HasGradient;
        if (node.Parameter is { } parameter)
        {
            MoveReserved(parameter);
            if (HoldsResults(parameter))
            {
                _written?.Add(index);
                return BeginAside(parameter);
            }

            TakeBack(parameter);
            accumulate = parameter.HasGradient;
            parameter.HasGradient = true;
        }
        else if (!accumulate)
        {
            node.Gradient = Allocate(node.Value.Rows, node.Value.Columns);
        }

        node.HasGradient = true;
        _written?.Add(index);
        return new GradientSlot(node.CurrentGradient, accumulate);
    }

    internal void PassGradient(int index, Tensor gradient)
    {
        ref TapeNode node = ref _nodes[index];
        if (node.HasGradient || node.IsLeaf || gradient.Address == _lent)
        {
            GradientSlot slot = BeginGradient(index);
            if (slot.Accumulate)
            {
                Elementwise.Accumulate(gradient, slot.Tensor);
            }
            else
            {
                Elementwise.Copy(gradient, slot.Tensor);
            }
        }
        else
        {
            (node.Gradient, node.HasGradient) = (gradient, true);
            _passed = true;
            _written?.Add(index);
        }
    }

    private TOperation NextRecord<TOperation>()
        where TOperation : Operation, new()
    {
        int index = _operationCount++;
        if (index == _operations.Count)
        {
            _operations.Add(new TOperation());
        }
        else if (_operations[index].GetType() != typeof(TOperation))
        {
            _operations[index] = new TOperation();
        }

        return (TOperation)_operations[index];
    }

    private void CheckOwn<TOperation>(Variable operand)
        where TOperation : Operation, new()
    {
        if (!operand.IsNone && operand.Tape != this)
        {
            throw new ArgumentException(
                $"{NameOf<TOperation>.Name}: its operands are on two tapes, on {Device.Description} and on {operand.Device.Description}; expected one.");
        }
    }

    private static void CheckRecorded(Variable result)
    {
        if (!result.RequiresGradient)
        {
            throw new InvalidOperationException("Backward: the result depends on no parameter or input, or the tape records no gradients.");
        }
    }

    /// <summary>Runs the backward passes of the records from the last one down to <paramref name="first"/>.</summary>
    private void Propagate(int first)
    {
        bool isNested = _isPropagating;
        var spent = isNested ? default : _spent;
        _isPropagating = true;
        _written?.Clear();
        for (int i = _operationCount - 1; i >= first; i--)
        {
            Operation operation = _operations[i];
            if (!Node(operation.Output).HasGradient)
            {
                continue;
            }

            CheckUnspent(i, spent);
            _position = isNested ? _position : i;
            Tensor gradient = operation.Output.Gradient;
            Flops += operation.ForwardFlops + operation.BackwardFlops;
            _passed = false;
            operation.Backward(gradient);
            if (_observer is not null)
            {
                ObserveBackward(operation, gradient);
            }

            ForgetRepeated(operation.Output.Index);
            ref TapeNode node = ref Node(operation.Output);
            if (!_passed && gradient.Address != _lent)
            {
                Device.Arena.Recycle(gradient);
            }

            (node.Gradient, node.HasGradient) = (default, false);
        }

        _isPropagating = isNested;
        if (!isNested)
        {
            _position = NoPosition;
            TakeAllBack();
        }
    }

    private ref TapeNode Node(Variable variable) => ref _nodes[variable.Index];

    private Variable AddLeaf(in TapeNode node)
    {
        Variable leaf = Add(node);
        _observer?.Leaf(node.Value, node.Parameter);
        return leaf;
    }

    private Variable Add(in TapeNode node)
    {
        if (_nodeCount == _nodes.Length)
        {
            Array.Resize(ref _nodes, 2 * _nodes.Length);
        }

        if (!IsOpen)
        {
            throw new InvalidOperationException("Tape: it has been disposed; begin a new one for the next step.");
        }

        _nodes[_nodeCount] = node;
        return new Variable(this, _nodeCount++);
    }
}

/// <summary>What a tape keeps of a variable.</summary>
internal struct TapeNode
{
    public Tensor Value;
    public Tensor Gradient;
    public Parameter? Parameter;
    public Operation? Producer;
    public bool RequiresGradient;
    public bool HasGradient;
    public bool IsLeaf;

    /// <summary>An op made it, in memory of the arena.</summary>
    public bool IsResult;

    /// <summary>Its memory serves others: <see cref="Variable.Release"/>.</summary>
    public bool IsReleased;

    /// <summary>It has been made again for the backward pass.</summary>
    public bool IsRepeated;

    public readonly Tensor CurrentGradient => Parameter is not { } parameter ? Gradient : parameter.Aside.IsNone ? parameter.Gradient : parameter.Aside;
}
