namespace TinyLM;

/// <summary>
/// Turns text into token ids and back. Encoding never yields <see cref="BosId"/>: documents get it put in front. Several threads may encode at once.
/// </summary>
public interface ITokenizer
{
    /// <summary>The tokenizer's kind, as its file names it: <c>bytes</c>, <c>characters</c>.</summary>
    string Name { get; }

    /// <summary>How many ids there are, 0 … <see cref="VocabularySize"/> - 1, <see cref="BosId"/> among them.</summary>
    int VocabularySize { get; }

    /// <summary>The id that begins every document, and so also ends the one before.</summary>
    int BosId { get; }

    /// <summary>The ids of <paramref name="text"/>, without <see cref="BosId"/>.</summary>
    /// <exception cref="UserException">The text holds what this tokenizer has no id for.</exception>
    int[] Encode(string text);

    /// <summary>The text of <paramref name="ids"/>; <see cref="BosId"/> yields nothing, bytes that are not UTF-8 yield U+FFFD.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    string Decode(ReadOnlySpan<int> ids);

    /// <summary>How many UTF-8 bytes a token stands for: 0 for <see cref="BosId"/>, 1 for the token of a single byte.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    int ByteCount(int id);

    /// <summary>Writes the tokenizer as JSON; <see cref="TokenizerFile.Load(Stream, string)"/> reads it back.</summary>
    void Save(Stream stream);
}
