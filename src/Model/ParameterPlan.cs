namespace TinyLM;

/// <summary>Declares a model's parameters, each with its way of initialisation, before their memory is laid out.</summary>
internal sealed class ParameterPlan
{
    private const int ValuesAtOnce = 1 << 18;
    private readonly List<ParameterShape> _shapes = [];
    private readonly List<(string Name, float Constant, double Deviation)> _initial = [];

    /// <summary>An embedding or a head, a row a token or position, drawn from N(0, deviation²); weight decay applies.</summary>
    public void Table(string name, int rows, int columns, double deviation) =>
        Add(new ParameterShape(name, rows, columns, Decays: true), 0, deviation);

    /// <summary>A matrix inside the network, drawn from N(0, deviation²); weight decay applies, and Muon where it is chosen.</summary>
    public void Matrix(string name, int rows, int columns, double deviation) =>
        Add(new ParameterShape(name, rows, columns, Decays: true, IsHidden: true), 0, deviation);

    /// <summary>A gain or bias; weight decay does not apply.</summary>
    public void Vector(string name, int columns, float value) =>
        Add(new ParameterShape(name, 1, columns, Decays: false), value, 0);

    /// <summary>Allocates and initialises all of them. A value depends on the seed, the name and its place alone.</summary>
    public ParameterSet Create(Device device, ulong seed)
    {
        var parameters = new ParameterSet(device, _shapes);
        if (device.IsDry)
        {
            return parameters;
        }

        foreach (var (name, constant, deviation) in _initial)
        {
            Fill(parameters[name].Value, new Philox(seed, Philox.Purpose(name)), constant, deviation);
        }

        return parameters;
    }

    /// <summary>Some rows at a time, so that no second copy of a large matrix is ever held.</summary>
    private static void Fill(Tensor tensor, Philox random, float constant, double deviation)
    {
        int columns = tensor.Columns, rowsAtOnce = Math.Clamp(ValuesAtOnce / columns, 1, tensor.Rows);
        var values = new float[rowsAtOnce * columns];
        for (int first = 0; first < tensor.Rows; first += rowsAtOnce)
        {
            int start = first, rows = Math.Min(rowsAtOnce, tensor.Rows - first);
            Parallel.For(0, rows, row =>
            {
                for (int i = row * columns; i < (row + 1) * columns; i++)
                {
                    values[i] = deviation == 0 ? constant : (float)(deviation * random.Normal((ulong)((long)start * columns + i)));
                }
            });
            tensor.RowRange(first, rows).CopyFrom(values.AsSpan(0, rows * columns));
        }
    }

    private void Add(ParameterShape shape, float constant, double deviation)
    {
        _shapes.Add(shape);
        _initial.Add((shape.Name, constant, deviation));
    }
}
