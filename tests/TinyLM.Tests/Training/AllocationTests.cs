namespace TinyLM.Tests;

/// <summary>Once warm, a training step asks neither the garbage collector nor the device for memory, from the batch's tokens to the optimiser.</summary>
[NonParallelizable]
public class AllocationTests
{
    private const int Windows = 12;
    private const int StepsInWindow = 4;

    public static IEnumerable<TestCaseData> Cases() =>
        from device in new[] { "cpu", "interpreted" }
        from model in new[] { ("GPT-2", GptConfig.Gpt2(1, 2, 16, TinyModels.Context, TinyModels.Vocabulary) with { Biases = true }), ("Llama", TinyModels.AllOptions with { LayerCount = 1, HeadCount = 2, KeyValueHeadCount = 1, Width = 16, HiddenWidth = 24 }) }
        from layout in Enum.GetValues<LayoutKind>()
        from recompute in new[] { false, true }
        from recipe in new[] { "plain", "all at once" }
        where (device == "cpu" && recipe == "plain") || layout == LayoutKind.Documents
        select new TestCaseData(device, model.Item2, layout, recompute, recipe).SetArgDisplayNames(device, model.Item1, $"{layout}", recompute ? "recomputing" : "keeping", recipe);

    /// <summary>
    /// Of a few windows of steps one must be free: buffers grow in the first ones. What a step allocates shows in each.
    /// </summary>
    [TestCaseSource(nameof(Cases))]
    public void A_steady_step_allocates_nothing(string device, GptConfig config, LayoutKind layout, bool recompute, string recipe)
    {
        using Device own = Device.Open(device, device == "cpu" ? 2 : 0);
        TrainingConfig training = Recipes.All[recipe] with { TokensPerStep = 2 * TinyModels.Context, Steps = 1000, Layout = layout };
        TokenizedDocuments documents = TinyModels.Documents(3, [.. Enumerable.Range(0, 300).Select(i => 2 + i * 7 % 13)]);
        var trainer = new Trainer(new Gpt(own, config) { RecomputesBlocks = recompute }, documents, training);
        long onHeap = long.MaxValue, onDevice = long.MaxValue;
        for (int window = 0; window < Windows && (onHeap > 0 || onDevice > 0); window++)
        {
            (onHeap, onDevice) = AllocatedInWindow(trainer);
        }

        Assert.That((onHeap, onDevice), Is.EqualTo((0L, 0L)), "bytes of the heap and of the device");
    }

    private static (long OnHeap, long OnDevice) AllocatedInWindow(Trainer trainer)
    {
        Device device = trainer.Model.Device;
        long onHeap = OnHeap(device), onDevice = device.AllocatedBytes;
        for (int step = 0; step < StepsInWindow; step++)
        {
            trainer.Step();
        }

        return (OnHeap(device) - onHeap, device.AllocatedBytes - onDevice);
    }

    /// <summary>Of the threads that compute: the runner's own, which report other tests' results, allocate as they like.</summary>
    private static unsafe long OnHeap(Device device)
    {
        if (device is not CpuDevice cpu)
        {
            return GC.GetAllocatedBytesForCurrentThread();
        }

        long* bytes = stackalloc long[cpu.ThreadCount];
        int begun = 0;
        cpu.Team.Run(new CountJob(bytes, &begun, cpu.ThreadCount));
        long sum = 0;
        for (int worker = 0; worker < cpu.ThreadCount; worker++)
        {
            sum += bytes[worker];
        }

        return sum;
    }

    /// <summary>No share ends before all have begun, so that each is on a thread of its own.</summary>
    private readonly unsafe struct CountJob(long* bytes, int* begun, int shares) : IWorkerJob
    {
        private readonly long* _bytes = bytes;
        private readonly int* _begun = begun;

        public void Run(int worker)
        {
            Interlocked.Increment(ref *_begun);
            while (Volatile.Read(ref *_begun) < shares)
            {
                Thread.Yield();
            }

            _bytes[worker] = GC.GetAllocatedBytesForCurrentThread();
        }
    }
}
