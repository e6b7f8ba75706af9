namespace TinyLM;

/// <summary>What a document takes while it is read and learned from, measured on a dry device.</summary>
/// <param name="PermanentBytes">Its adapter, gradients and moments, and the keys and values that it keeps.</param>
/// <param name="PassBytes">Of the longest pass.</param>
/// <param name="Length">Its tokens: a window, or where tokens are encoded once, a chunk that sees a window.</param>
internal sealed record TestTimeTrainingMemory(long PermanentBytes, long PassBytes, int Length)
{
    public static TestTimeTrainingMemory Measure(Gpt model, TestTimeTrainingConfig config)
    {
        using Device dry = model.Device.CreateDry();
        var gpt = new Gpt(dry, model.Config);
        long before = dry.AllocatedBytes;
        using var adapters = new LoraAdapters(gpt, config.Lora, capacity: 1);
        using var optimizer = new LoraOptimizer(dry, adapters, config);
        using KeyValueRing? stream = config.IsStreaming ? new KeyValueRing(gpt, 1, config.Window, config.Window) : null;
        long permanent = dry.AllocatedBytes - before;
        int length = config.IsStreaming ? config.Chunk : config.Window;
        DocumentOffsets offsets = DocumentOffsets.OneDocument(length), tails = DocumentOffsets.OneDocument(config.Chunk);
        using (Tape tape = dry.BeginTape(trainsParameters: false))
        {
            KeyValueRingPass? past = stream?.Bind(tape, 0, offsets, config.Window - config.Chunk, keeps: true);
            LoraPass pass = adapters.Bind(tape, 0, 1);
            Variable losses = gpt.TailLosses(tape, new int[length], new int[config.Chunk], offsets, tails, pass, past);
            tape.Backward(losses, tape.Allocate(config.Chunk, 1));
            optimizer.Step(pass, 1);
        }

        return new TestTimeTrainingMemory(permanent, dry.Arena.PeakBytes, length);
    }

    /// <summary>Of the largest pass over some documents.</summary>
    /// <param name="targets">Of each document.</param>
    public long PassBytesOf(IEnumerable<int> targets) => targets.Sum(PassBytesOf);

    /// <summary>How many of some documents, the first ones, are read together: as many as fit and fill a pass, at least one.</summary>
    /// <param name="budget">Bytes.</param>
    /// <param name="targets">Of each document.</param>
    /// <exception cref="UserException">Not even the first one fits.</exception>
    public int DocumentsTogether(long budget, IEnumerable<int> targets)
    {
        long kept = 0, pass = 0;
        int count = 0, tokens = 0;
        foreach (int length in targets)
        {
            kept += PermanentBytes;
            pass += PassBytesOf(length);
            if (kept + pass > budget || tokens >= TailStream.TokensPerPass)
            {
                break;
            }

            tokens += Math.Min(length, Length);
            count++;
        }

        return count > 0
            ? count
            : throw new UserException(FormattableString.Invariant(
                $"test-time training: one document takes {1e-6 * (kept + pass):F0} MB, the budget is {budget / 1e6:F0} MB; give more, or take a shorter window or chunk, or a lower rank."));
    }

    private long PassBytesOf(int targets) => PassBytes * Math.Min(targets, Length) / Length;
}
