namespace TinyLM.Tests;

/// <summary>Models small enough for any test, one of each style.</summary>
internal static class TinyModels
{
    public const int Vocabulary = 11;
    public const int Context = 12;

    /// <summary>Everything that attention and rotary positions may have.</summary>
    public static GptConfig AllOptions => GptConfig.Llama(2, 4, 32, Context, Vocabulary) with
    {
        KeyValueHeadCount = 2,
        AttentionWindow = 5,
        AttentionSoftcap = 4,
        QueryKeyNorm = true,
        RotaryFraction = 0.5,
        RotaryScale = 2,
    };

    public static IEnumerable<TestCaseData> Configs =>
    [
        new TestCaseData(GptConfig.Gpt2(2, 2, 16, Context, Vocabulary)).SetArgDisplayNames("GPT-2"),
        new TestCaseData(GptConfig.Gpt2(1, 2, 16, Context, Vocabulary) with { Biases = true, TiedHead = false, Mlp = MlpKind.ReluSquared })
            .SetArgDisplayNames("GPT-2 with biases"),
        new TestCaseData(GptConfig.Llama(2, 4, 16, Context, Vocabulary) with { KeyValueHeadCount = 2 }).SetArgDisplayNames("Llama"),
        new TestCaseData(AllOptions).SetArgDisplayNames("Llama with all options"),
        new TestCaseData(GptConfig.Gpt2(1, 2, 16, Context, Vocabulary) with { QueryKeyNorm = true, AttentionWindow = 7 })
            .SetArgDisplayNames("GPT-2 with norms of heads and a window"),
    ];

    /// <summary>Documents of [BOS] + random tokens; BOS is the last id.</summary>
    public static TokenizedDocuments Documents(ulong seed, params int[] lengths)
    {
        var random = new Philox(seed, Philox.Purpose("test documents"));
        var starts = new int[lengths.Length + 1];
        var ids = new List<int>();
        for (int document = 0; document < lengths.Length; document++)
        {
            ids.Add(Vocabulary - 1);
            for (int i = 1; i < lengths[document]; i++)
            {
                ids.Add((int)(random.Uniform((ulong)ids.Count) * (Vocabulary - 1)));
            }

            starts[document + 1] = ids.Count;
        }

        return new TokenizedDocuments([.. ids], starts, Vocabulary - 1);
    }

    /// <summary>Fresh weights predict almost uniformly; these, some times as large, tell tokens and contexts apart.</summary>
    public static Gpt Telling(Device device, GptConfig config, float times = 10)
    {
        var model = new Gpt(device, config, 4);
        model.Parameters.Values.CopyFrom([.. Weights(model).Select(value => times * value)]);
        return model;
    }

    public static float[] Weights(Gpt model) => model.Parameters.Values.ToArray();

    public static float[] Logits(Gpt model, int[] ids, DocumentOffsets offsets)
    {
        using Tape tape = model.Device.BeginTape(gradients: false);
        return model.Forward(tape, ids, offsets).Value.ToArray();
    }
}
