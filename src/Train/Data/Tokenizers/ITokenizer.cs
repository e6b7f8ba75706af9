namespace TinyLM;

/// <summary>
/// Turns bytes into token ids and back. Text is its UTF-8; <see cref="TokenizerText"/> takes and gives strings. Encoding never yields
/// <see cref="BosId"/>, whatever the text says: documents get it put in front. May be used by several threads at once.
/// </summary>
public interface ITokenizer
{
    /// <summary>The tokenizer's kind: <c>bytes</c>, <c>characters</c>, <c>gpt2</c>, <c>bpe</c>.</summary>
    string Name { get; }

    /// <summary>How many ids there are, 0 … <see cref="VocabularySize"/> - 1, <see cref="BosId"/> among them.</summary>
    int VocabularySize { get; }

    /// <summary>The id that begins every document, and so also ends the one before.</summary>
    int BosId { get; }

    /// <summary>
    /// The ids of <paramref name="text"/>, without <see cref="BosId"/>: the bytes of these ids, one after another, are the text's again.
    /// Bytes that are not UTF-8 are tokens of a byte each where the tokenizer has such.
    /// </summary>
    /// <exception cref="UserException">The text holds what this tokenizer has no id for.</exception>
    int[] Encode(ReadOnlySpan<byte> text);

    /// <summary>The bytes that a token stands for, which may be a part of a character; none for <see cref="BosId"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    ReadOnlySpan<byte> BytesOf(int id);

    /// <summary>Writes the tokenizer as JSON; <see cref="TokenizerFile.Load(Stream, string)"/> reads it back.</summary>
    void Save(Stream stream);
}
