namespace TinyLM;

/// <summary>
/// Looks at every value that a step makes, and stops at the first NaN or infinity with a line that names the op, the tensor and the step:
/// what comes in (parameters, inputs, constants), each op's result, and each gradient that an op's backward pass wrote.
/// <c>using Tape tape = device.BeginTape(observer: new AnomalyDetector());</c> Every tensor is copied to the host: for finding a fault, not for a long run.
/// <remarks>torch.autograd.detect_anomaly</remarks>
/// </summary>
/// <exception cref="AnomalyException">Thrown from the op, or from <see cref="Tape.Backward(Variable)"/>.</exception>
public sealed class AnomalyDetector : ITapeObserver
{
    private float[] _values = [];
    private long _step;

    void ITapeObserver.Begin(Device device, long step) => _step = step;

    void ITapeObserver.Leaf(Tensor value, Parameter? parameter)
    {
        if (Find(value) is { } found)
        {
            string what = parameter is null ? $"an input, {value.Describe()}," : $"parameter '{parameter.Name}' {Shape(value)}";
            throw new AnomalyException($"anomaly: step {_step}, before any op: {what} has {found}", operation: null, _step);
        }
    }

    void ITapeObserver.Forward(string operation, Tensor result, long operandBytes, long flops)
    {
        if (Find(result) is { } found)
        {
            throw new AnomalyException($"anomaly: step {_step}, {operation} (forward): its result {Shape(result)} has {found}", operation, _step);
        }
    }

    void ITapeObserver.Backward(string operation, Tensor gradient, ReadOnlySpan<WrittenGradient> written, long flops)
    {
        foreach (ref readonly WrittenGradient operand in written)
        {
            if (Find(operand.Gradient) is { } found)
            {
                throw new AnomalyException(
                    $"anomaly: step {_step}, {operation} (backward): the gradient {Shape(operand.Gradient)} of {Describe(operand)} has {found}", operation, _step);
            }
        }
    }

    void ITapeObserver.Work(string work, long bytes)
    {
        // What it changed is looked at when the next step uses it.
    }

    void ITapeObserver.End()
    {
        // Each value has been looked at when it was made.
    }

    private static string Describe(in WrittenGradient operand) => operand switch
    {
        { Parameter: { } parameter } => $"parameter '{parameter.Name}'",
        { Producer: { } producer } => $"its operand, the result of {producer},",
        { Value.Name: { } name } => $"input '{name}'",
        _ => "an input",
    };

    private static string Shape(Tensor tensor) => $"[{tensor.Rows}, {tensor.Columns}]";

    /// <summary>What and where the first value is that is not finite; null where all are.</summary>
    private string? Find(Tensor tensor)
    {
        int length = (int)tensor.Length;
        if (_values.Length < length)
        {
            _values = new float[length];
        }

        Span<float> values = _values.AsSpan(0, length);
        tensor.CopyTo(values);
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                string what = float.IsNaN(values[i]) ? "NaN" : values[i] > 0 ? "infinity" : "-infinity";
                return $"{what} at [{i / tensor.Columns}, {i % tensor.Columns}]";
            }
        }

        return null;
    }
}
