namespace TinyLM;

/// <summary>A trained matrix: its value and its gradient, which live as long as their <see cref="ParameterSet"/>.</summary>
public sealed class Parameter
{
    internal Parameter(ParameterShape shape, int offset, Tensor value, Tensor gradient)
    {
        (Name, Decays, IsHidden, Offset, Value, Gradient) = (shape.Name, shape.Decays, shape.IsHidden, offset, value, gradient);
    }

    public string Name { get; }

    public Tensor Value { get; }

    public Tensor Gradient { get; }

    /// <summary>Whether weight decay applies: to matrices, not to gains and biases.</summary>
    public bool Decays { get; }

    /// <summary>Whether it is a matrix between two layers of activations, as <see cref="Muon"/> takes it: no embedding, head, gain or bias.</summary>
    public bool IsHidden { get; }

    /// <summary>Its first column in <see cref="ParameterSet.Values"/>.</summary>
    public int Offset { get; }

    public int Rows => Value.Rows;

    public int Columns => Value.Columns;

    /// <summary>Where what an op's forward pass has left in the place of the gradient lies by now; none where there is no such thing.</summary>
    internal Tensor Reserved { get; set; }

    /// <summary>The first op whose results may lie in <see cref="Gradient"/>; null where none do.</summary>
    internal int? LentFrom { get; set; }

    /// <summary>The gradient, as long as results lie in its place; none where it is there itself.</summary>
    internal Tensor Aside { get; set; }

    /// <summary>Whether a backward pass has written <see cref="Gradient"/> since <see cref="ParameterSet.ClearGradients"/>; the next one then adds to it.</summary>
    public bool HasGradient { get; internal set; }
}
