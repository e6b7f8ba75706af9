namespace TinyLM.Tests;

/// <summary>How the random values of an input are drawn.</summary>
public enum Draw
{
    /// <summary>Normal, of standard deviation 1.</summary>
    Normal,

    /// <summary>In [0.1, 2).</summary>
    Positive,

    /// <summary>Normal, but pushed out of (-0.1, 0.1), where a formula has a kink.</summary>
    AwayFromZero,
}

/// <summary>An input of an op: its name in messages, its shape, and how it is drawn.</summary>
public sealed record OpInput(string Name, int Rows, int Columns, Draw Draw = Draw.Normal)
{
    /// <summary>The values: a function of the names alone, and each a float32, so that device and reference see the same.</summary>
    public Matrix Values(string caseName)
    {
        var random = new Philox(seed: 1, Philox.Purpose($"{caseName}/{Name}"));
        var values = new Matrix(Rows, Columns);
        for (int i = 0; i < values.Values.Length; i++)
        {
            double normal = random.Normal((ulong)i);
            values.Values[i] = (float)(Draw switch
            {
                Draw.Positive => 0.1 + 1.9 * random.Uniform((ulong)i),
                Draw.AwayFromZero => normal + Math.CopySign(0.1, normal),
                _ => normal,
            });
        }

        return values;
    }
}
