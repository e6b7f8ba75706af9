namespace TinyLM;

/// <summary>Declares a model's parameters, each with its way of initialisation, before their memory is laid out.</summary>
internal sealed class ParameterPlan
{
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
            Parameter parameter = parameters[name];
            var values = new float[parameter.Value.Length];
            var random = new Philox(seed, Philox.Purpose(name));
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = deviation == 0 ? constant : (float)(deviation * random.Normal((ulong)i));
            }

            parameter.Value.CopyFrom(values);
        }

        return parameters;
    }

    private void Add(ParameterShape shape, float constant, double deviation)
    {
        _shapes.Add(shape);
        _initial.Add((shape.Name, constant, deviation));
    }
}
