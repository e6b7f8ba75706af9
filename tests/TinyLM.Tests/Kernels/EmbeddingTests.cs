namespace TinyLM.Tests.Kernels;

/// <summary>The gradient of a table: a sum in the order of the tokens, on every device.</summary>
public class EmbeddingTests
{
    private const int Columns = 5;

    [Test]
    public void Every_device_adds_the_tokens_of_an_id_in_their_order([Values(1, 7, 513, 1536, 2000)] int tokens, [Values(1, 3, 90, 50304)] int entries)
    {
        float[] expected = Gradient("cpu", tokens, entries);
        foreach (string device in TestDevices.Names)
        {
            Assert.That(Gradient(device, tokens, entries).AsSpan().SequenceEqual(expected), Is.True, $"the bits on {device}");
        }
    }

    [Test]
    public void Without_tokens_the_gradient_is_zero([ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device)
    {
        using Tape tape = TestDevices.Get(device).BeginPoisonedTape();
        Tensor dtable = tape.Allocate(3, Columns);
        Embedding.Backward(tape.Device.TemporaryIndices([]), tape.Allocate(0, Columns), dtable, accumulate: false);
        Assert.That(dtable.ToArray(), Is.All.Zero);
    }

    /// <summary>Of ids that are near 0 more often than not, added to what is there.</summary>
    private static float[] Gradient(string device, int tokens, int entries)
    {
        var random = new Philox(seed: 4, Philox.Purpose("ids"));
        using Tape tape = TestDevices.Get(device).BeginPoisonedTape();
        int[] ids = [.. Enumerable.Range(0, tokens).Select(i => (int)(entries * Math.Pow(random.Uniform((ulong)i), 4)))];
        Tensor dy = tape.Allocate(tokens, Columns), dtable = tape.Allocate(entries, Columns);
        dy.CopyFrom(Numbers.Random(dy.Length, seed: 1));
        dtable.CopyFrom(Numbers.Random(dtable.Length, seed: 2));
        Embedding.Backward(tape.Device.TemporaryIndices(ids), dy, dtable, accumulate: true);
        return dtable.ToArray();
    }
}
