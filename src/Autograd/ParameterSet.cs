namespace TinyLM;

/// <summary>
/// All parameters of a model in one block of memory, and their gradients in another of the same layout, so that an optimiser,
/// a norm or a clip is one pass. Those that weight decay applies to come first.
/// </summary>
public sealed class ParameterSet
{
    /// <summary>Each parameter begins at a multiple of this many floats.</summary>
    private const int Alignment = 64;

    private readonly Dictionary<string, Parameter> _byName = [];
    private readonly List<Parameter> _parameters = [];

    /// <param name="device">Where they live.</param>
    /// <param name="shapes">Name, rows, columns and whether weight decay applies, of each.</param>
    public ParameterSet(Device device, IReadOnlyList<ParameterShape> shapes)
    {
        Device = device;
        long decaying = shapes.Where(shape => shape.Decays).Sum(Padded), length = shapes.Sum(Padded);
        if (length > int.MaxValue)
        {
            throw new ArgumentException($"ParameterSet: {length} values; a set holds up to {int.MaxValue}.");
        }

        Values = device.Allocate(1, (int)length, "parameters");
        Gradients = device.Allocate(1, (int)length, "gradients");
        DecayingLength = (int)decaying;
        int decayingOffset = 0, otherOffset = DecayingLength;
        foreach (ParameterShape shape in shapes)
        {
            ref int offset = ref shape.Decays ? ref decayingOffset : ref otherOffset;
            var parameter = new Parameter(shape, offset, Slice(Values, offset, shape), Slice(Gradients, offset, shape));
            offset += Padded(shape);
            _parameters.Add(parameter);
            if (!_byName.TryAdd(shape.Name, parameter))
            {
                throw new ArgumentException($"ParameterSet: two parameters are called '{shape.Name}'.");
            }
        }
    }

    public Device Device { get; }

    /// <summary>In the order of their declaration.</summary>
    public IReadOnlyList<Parameter> All => _parameters;

    /// <summary>[1, n]: every value, padded with zeros between parameters.</summary>
    public Tensor Values { get; }

    /// <summary>[1, n]: every gradient, in the layout of <see cref="Values"/>.</summary>
    public Tensor Gradients { get; }

    /// <summary>How many of the leading columns weight decay applies to.</summary>
    public int DecayingLength { get; }

    /// <summary>The number of trained values, without padding.</summary>
    public long Count => _parameters.Sum(parameter => parameter.Value.Length);

    public Parameter this[string name] => _byName.TryGetValue(name, out Parameter? parameter)
        ? parameter
        : throw new KeyNotFoundException($"ParameterSet: there is no parameter '{name}'.");

    /// <summary>Forgets the gradients: the next backward pass writes where it would have added.</summary>
    public void ClearGradients()
    {
        foreach (Parameter parameter in _parameters)
        {
            parameter.HasGradient = false;
        }
    }

    /// <summary>Zeroes the gradient of each parameter that no backward pass has reached, so that <see cref="Gradients"/> is whole.</summary>
    public void CompleteGradients()
    {
        foreach (Parameter parameter in _parameters)
        {
            if (!parameter.HasGradient)
            {
                Elementwise.Fill(parameter.Gradient, 0);
                parameter.HasGradient = true;
            }
        }
    }

    /// <summary>
    /// The Euclidean norm of all gradients as one vector, those that no backward pass has reached being 0. Within a step: it uses the arena.
    /// <remarks>torch.nn.utils.get_total_norm</remarks>
    /// </summary>
    public double GradientNorm()
    {
        CompleteGradients();
        Tensor square = Device.Temporary(1, 1, "gradient norm");
        Reduction.SumOfSquares(Gradients, square);
        double norm = Math.Sqrt(square.ToScalar());
        Device.Arena.Recycle(square);
        return norm;
    }

    /// <summary>
    /// What the gradients are to be multiplied by, so that their norm is <paramref name="limit"/> at most; an optimiser does it as it reads them.
    /// <remarks>torch.nn.utils.clip_grad_norm_</remarks>
    /// </summary>
    public static double ClipScale(double norm, double limit) => norm > limit ? limit / norm : 1;

    private static int Padded(ParameterShape shape) => checked((shape.Rows * shape.Columns + Alignment - 1) / Alignment * Alignment);

    private static Tensor Slice(Tensor block, int offset, ParameterShape shape) =>
        block.Reshape(block.Columns, 1).RowRange(offset, shape.Rows * shape.Columns).Reshape(shape.Rows, shape.Columns).Named(shape.Name);
}

/// <summary>The declaration of a parameter; its fields are those of <see cref="Parameter"/>.</summary>
public readonly record struct ParameterShape(string Name, int Rows, int Columns, bool Decays, bool IsHidden = false);
