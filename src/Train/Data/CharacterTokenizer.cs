using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;

namespace TinyLM;

/// <summary>
/// A token a character (a whole code point, so an emoji is not torn in two): the distinct characters in the order of their code points,
/// then <see cref="BosId"/>. As in nanoGPT's <c>shakespeare_char</c>.
/// </summary>
public sealed class CharacterTokenizer : ITokenizer
{
    internal const string Kind = "characters";

    private readonly Rune[] _characters;
    private readonly Dictionary<Rune, int> _ids;

    private CharacterTokenizer(Rune[] characters)
    {
        _characters = characters;
        _ids = new Dictionary<Rune, int>(characters.Length);
        for (int id = 0; id < characters.Length; id++)
        {
            _ids.Add(characters[id], id);
        }
    }

    public string Name => Kind;

    public int VocabularySize => _characters.Length + 1;

    public int BosId => _characters.Length;

    /// <summary>The characters that have an id, in the order of their ids.</summary>
    public IReadOnlyList<Rune> Characters => _characters;

    /// <summary>
    /// The characters of the whole corpus, its validation text included, as nanoGPT takes them. That the validation text's alphabet is
    /// known is a (tiny) leak: compare scores only with others that were made the same way.
    /// </summary>
    public static CharacterTokenizer FromCorpus(Corpus corpus) =>
        FromTexts(corpus.Training.Concat(corpus.Validation).Select(document => document.Text));

    /// <summary>The distinct characters of <paramref name="texts"/>.</summary>
    /// <exception cref="UserException">There is no character at all.</exception>
    public static CharacterTokenizer FromTexts(IEnumerable<string> texts)
    {
        var characters = new HashSet<Rune>();
        foreach (string text in texts)
        {
            for (int position = 0; position < text.Length;)
            {
                characters.Add(RuneAt(text, ref position));
            }
        }

        return characters.Count > 0
            ? new CharacterTokenizer([.. characters.Order()])
            : throw new UserException("CharacterTokenizer: the text is empty; expected at least one character.");
    }

    /// <inheritdoc/>
    public int[] Encode(string text)
    {
        var ids = new int[text.Length];
        int count = 0;
        for (int position = 0; position < text.Length;)
        {
            int start = position;
            Rune character = RuneAt(text, ref position);
            if (!_ids.TryGetValue(character, out ids[count++]))
            {
                throw new UserException(
                    $"CharacterTokenizer: {Describe(character)} at position {start} is not one of the {_characters.Length} known "
                    + "characters; "
                    + "leave it out, or train with a text that holds it.");
            }
        }

        return count == ids.Length ? ids : ids[..count];
    }

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> ids)
    {
        var text = new StringBuilder(ids.Length);
        Span<char> buffer = stackalloc char[2];
        foreach (int id in ids)
        {
            TokenizerFile.CheckId(this, id);
            if (id != BosId)
            {
                text.Append(buffer[.._characters[id].EncodeToUtf16(buffer)]);
            }
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public int ByteCount(int id)
    {
        TokenizerFile.CheckId(this, id);
        return id == BosId ? 0 : _characters[id].Utf8SequenceLength;
    }

    /// <inheritdoc/>
    public void Save(Stream stream) =>
        TokenizerFile.Write(stream, new JsonObject { ["type"] = Kind, ["characters"] = string.Concat(_characters) });

    internal static CharacterTokenizer FromJson(JsonObject json, string source)
    {
        if (json["characters"] is not JsonValue value || !value.TryGetValue(out string? characters) || characters.Length == 0)
        {
            throw new UserException($"{source}: 'characters' is missing or empty; expected one string of all characters in order.");
        }

        // Lone surrogates become U+FFFD here, twice of which is out of order.
        Rune[] runes = [.. characters.EnumerateRunes()];
        for (int i = 1; i < runes.Length; i++)
        {
            if (runes[i - 1] >= runes[i])
            {
                throw new UserException(
                    $"{source}: 'characters' has {Describe(runes[i])} after {Describe(runes[i - 1])}; expected rising code points, "
                    + "each once.");
            }
        }

        return new CharacterTokenizer(runes);
    }

    private static Rune RuneAt(string text, ref int position)
    {
        if (Rune.DecodeFromUtf16(text.AsSpan(position), out Rune character, out int consumed) != OperationStatus.Done)
        {
            throw new UserException(
                $"CharacterTokenizer: position {position} holds half of a surrogate pair (U+{(int)text[position]:X4}); expected whole "
                + "characters.");
        }

        position += consumed;
        return character;
    }

    private static string Describe(Rune character) =>
        Rune.IsControl(character) || Rune.IsWhiteSpace(character)
            ? $"the character U+{character.Value:X4}"
            : $"'{character}' (U+{character.Value:X4})";
}
