namespace TinyLM.Benchmarks;

/// <summary>What is timed, the same work for every contender.</summary>
/// <param name="Name">Unique.</param>
/// <param name="Group">What the goals are stated for.</param>
/// <param name="Flops">The least arithmetic that it takes; 0 where memory is what counts.</param>
/// <param name="Bytes">The least traffic; 0 where arithmetic is what counts.</param>
/// <param name="Tokens">Of one run; 0 for a single op.</param>
internal abstract record BenchmarkCase(string Name, string Group, double Flops = 0, double Bytes = 0, int Tokens = 0)
{
    /// <summary>Milliseconds to wait before each run.</summary>
    public int Pause { get; init; }

    /// <summary>Our way to do it.</summary>
    public abstract Action Ours(Device device);

    /// <summary>Normal values, the same for a name.</summary>
    protected static Tensor Random(Device device, int rows, int columns, string name, double deviation = 1)
    {
        var random = new Philox(seed: 1, Philox.Purpose(name));
        var values = new float[rows * columns];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(deviation * random.Normal((ulong)i));
        }

        Tensor tensor = device.Allocate(rows, columns, name);
        tensor.CopyFrom(values);
        return tensor;
    }

    /// <summary>An op on a tape with its backward pass, as a user would call it: results and gradients are allocated in the body.</summary>
    protected static Action OnTape(Device device, Tensor[] inputs, Tensor? dy, Func<Tape, Variable[], Variable> op)
    {
        var variables = new Variable[inputs.Length];
        return () =>
        {
            using Tape tape = device.BeginTape(gradients: dy is not null);
            for (int i = 0; i < inputs.Length; i++)
            {
                variables[i] = tape.Input(inputs[i]);
            }

            Variable y = op(tape, variables);
            if (dy is { } gradient)
            {
                tape.Backward(y, gradient);
            }
        };
    }
}

/// <summary>One way to do the work of a case.</summary>
internal sealed record Contender(string Name, Action Run);
