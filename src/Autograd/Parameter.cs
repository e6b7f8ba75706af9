namespace TinyLM;

/// <summary>A trained matrix: its value and its gradient, which live as long as their <see cref="ParameterSet"/>.</summary>
public sealed class Parameter
{
    internal Parameter(string name, Tensor value, Tensor gradient, bool decays)
    {
        (Name, Value, Gradient, Decays) = (name, value, gradient, decays);
    }

    public string Name { get; }

    public Tensor Value { get; }

    public Tensor Gradient { get; }

    /// <summary>Whether weight decay applies: to matrices, not to gains and biases.</summary>
    public bool Decays { get; }

    public int Rows => Value.Rows;

    public int Columns => Value.Columns;

    /// <summary>Whether a backward pass has written <see cref="Gradient"/> since <see cref="ParameterSet.ClearGradients"/>; the next one then adds to it.</summary>
    public bool HasGradient { get; internal set; }
}
