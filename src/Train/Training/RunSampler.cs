namespace TinyLM;

/// <summary>Lets a model write, always after the same prompt and by the same seeds: during a run one sees the text grow better.</summary>
/// <param name="model">Its weights are not touched.</param>
/// <param name="tokenizer">Of its tokens.</param>
/// <param name="prompt">What the texts begin with.</param>
/// <param name="seed">Of the first text; each has one of its own.</param>
internal sealed class RunSampler(Gpt model, ITokenizer tokenizer, string prompt, ulong seed)
{
    private readonly TextSampler _sampler = new(model);
    private readonly int[] _ids = [tokenizer.BosId, .. tokenizer.Encode(prompt)];

    /// <summary>The prompt and its continuation.</summary>
    /// <param name="number">Which text, from 0.</param>
    /// <param name="tokens">How many are drawn, unless the document ends before.</param>
    public string Write(int number, int tokens) =>
        prompt + tokenizer.Decode(_sampler.Continue(_ids, tokens, new SamplingOptions(Seed: seed + (ulong)number), tokenizer.BosId));
}
