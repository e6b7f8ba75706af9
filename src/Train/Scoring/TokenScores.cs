namespace TinyLM;

/// <summary>The forward pass that every scorer ends in.</summary>
internal static class TokenScores
{
    /// <summary>[tokens]: the nats of each token's target, 0 where there is none.</summary>
    public static float[] Of(Gpt model, TokenBatch batch)
    {
        using Tape tape = model.Device.BeginTape(gradients: false);
        return model.Losses(tape, batch.Ids, batch.Targets, batch.Offsets).Value.ToArray();
    }
}
