namespace TinyLM;

/// <summary>The norm of the gradients layer by layer: which of them learn, and which are about to diverge.</summary>
public static class LayerNorms
{
    /// <summary>
    /// Of the gradients that the last step's backward pass left, before clipping: one norm a block, and one for what stands outside of blocks (the
    /// embedding, the last norm, the head). Between steps only.
    /// </summary>
    /// <returns>By layer ("embedding", "blocks.0", …), in the order of the model.</returns>
    public static IReadOnlyDictionary<string, double> Of(ParameterSet parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var squares = new Dictionary<string, double>();
        using Tape tape = parameters.Device.BeginTape(gradients: false);
        Tensor sums = tape.Allocate(parameters.All.Count, 1);
        for (int i = 0; i < parameters.All.Count; i++)
        {
            Reduction.SumOfSquares(parameters.All[i].Gradient, sums.RowRange(i, 1));
        }

        float[] values = sums.ToArray();
        for (int i = 0; i < values.Length; i++)
        {
            string layer = LayerOf(parameters.All[i].Name);
            squares[layer] = squares.GetValueOrDefault(layer) + values[i];
        }

        return squares.ToDictionary(pair => pair.Key, pair => Math.Sqrt(pair.Value));
    }

    /// <summary>"blocks.3.mlp.up.weight" is of "blocks.3"; "head.weight" of "head".</summary>
    private static string LayerOf(string parameter)
    {
        string[] parts = parameter.Split('.');
        return parts.Length > 1 && char.IsAsciiDigit(parts[1][0]) ? $"{parts[0]}.{parts[1]}" : parts[0];
    }
}
