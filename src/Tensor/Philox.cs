namespace TinyLM;

/// <summary>
/// Counter-based random numbers: Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011). The n-th number of a
/// (seed, purpose) pair is a function of n alone, so it is the same on every device, in any order, on any number of threads.
/// </summary>
public readonly struct Philox
{
    private readonly uint _key0, _key1;
    private readonly ulong _purpose;

    /// <param name="seed">The run's seed.</param>
    /// <param name="purpose">What the numbers are for; two purposes never share numbers.</param>
    public Philox(ulong seed, ulong purpose)
    {
        (_key0, _key1, _purpose) = ((uint)seed, (uint)(seed >> 32), purpose);
    }

    /// <summary>A purpose made from a name, such as a parameter's: FNV-1a, 64 bits.</summary>
    public static ulong Purpose(string name)
    {
        ulong hash = 14695981039346656037;
        foreach (char character in name)
        {
            hash = (hash ^ character) * 1099511628211;
        }

        return hash;
    }

    /// <summary>The 128 random bits at <paramref name="counter"/>.</summary>
    public (uint X, uint Y, uint Z, uint W) Block(ulong counter)
    {
        uint x = (uint)counter, y = (uint)(counter >> 32), z = (uint)_purpose, w = (uint)(_purpose >> 32);
        uint key0 = _key0, key1 = _key1;
        for (int round = 0; round < 10; round++)
        {
            ulong product0 = (ulong)0xD2511F53 * x, product1 = (ulong)0xCD9E8D57 * z;
            (x, y, z, w) = ((uint)(product1 >> 32) ^ y ^ key0, (uint)product1, (uint)(product0 >> 32) ^ w ^ key1, (uint)product0);
            key0 += 0x9E3779B9;
            key1 += 0xBB67AE85;
        }

        return (x, y, z, w);
    }

    /// <summary>64 random bits at <paramref name="counter"/>.</summary>
    public ulong Bits(ulong counter)
    {
        var (x, y, _, _) = Block(counter);
        return ((ulong)y << 32) | x;
    }

    /// <summary>Uniform in [0, 1).</summary>
    public double Uniform(ulong counter) => (Bits(counter) >> 11) * (1.0 / (1UL << 53));

    /// <summary>Standard normal (Box-Muller).</summary>
    public double Normal(ulong counter)
    {
        var (x, y, z, w) = Block(counter);
        double u = ((((ulong)y << 32) | x) >> 11) * (1.0 / (1UL << 53));
        double v = ((((ulong)w << 32) | z) >> 11) * (1.0 / (1UL << 53));
        return Math.Sqrt(-2 * Math.Log(1 - u)) * Math.Cos(2 * Math.PI * v);
    }

    /// <summary>A permutation of 0 … count - 1: <see cref="Shuffle"/> of the numbers in their order.</summary>
    public int[] Permutation(int count, ulong counter = 0)
    {
        var order = new int[count];
        for (int i = 0; i < count; i++)
        {
            order[i] = i;
        }

        Shuffle<int>(order, counter);
        return order;
    }

    /// <summary>Puts <paramref name="items"/> into a random order (Fisher-Yates over the numbers from <paramref name="counter"/> on).</summary>
    public void Shuffle<T>(Span<T> items, ulong counter = 0)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = (int)Math.BigMul(Bits(counter + (ulong)i), (ulong)i + 1, out _);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
