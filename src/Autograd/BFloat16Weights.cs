namespace TinyLM;

/// <summary>
/// The parameters of a model rounded to bfloat16, beside the float32 masters that the optimiser moves: a step smaller than bfloat16 resolves is
/// not lost, it adds up in the master (Micikevicius et al., "Mixed precision training", 2018).
/// </summary>
public sealed class BFloat16Weights
{
    private readonly ParameterSet _masters;
    private readonly BFloat16Tensor _rounded;

    /// <summary>Rounds the parameters as they are.</summary>
    public BFloat16Weights(ParameterSet masters)
    {
        ArgumentNullException.ThrowIfNull(masters);
        _masters = masters;
        _rounded = masters.Device.AllocateBFloat16(1, masters.Values.Columns, "rounded parameters");
        Refresh();
    }

    /// <summary>A parameter as it was at the last <see cref="Refresh"/>; what ops take beside the master itself.</summary>
    public BFloat16Tensor this[Parameter parameter]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(parameter);
            long start = (parameter.Value.Address - _masters.Values.Address) / sizeof(float);
            return start >= 0 && start + parameter.Value.Length <= _rounded.Length
                ? _rounded.Slice(start, parameter.Rows, parameter.Columns, parameter.Name)
                : throw new ArgumentException($"BFloat16Weights: parameter '{parameter.Name}' belongs to another set than the one that was rounded.");
        }
    }

    /// <summary>Rounds all parameters again. Call it after every change of the masters: an optimiser's step, a checkpoint that was loaded.</summary>
    public void Refresh() => BFloat16.Round(_masters.Values, _rounded);
}
