using System.Buffers;
using System.Text;

namespace TinyLM;

/// <summary>
/// A token a character (a whole code point, so an emoji is not torn in two): the distinct characters in the order of their code points,
/// then <see cref="BosId"/>. As in nanoGPT's <c>shakespeare_char</c>.
/// </summary>
public sealed class CharacterTokenizer : ITokenizer
{
    internal const string Kind = "characters";

    private readonly Rune[] _characters;
    private readonly byte[][] _bytes;
    private readonly Dictionary<Rune, int> _ids;

    private CharacterTokenizer(Rune[] characters)
    {
        _characters = characters;
        _bytes = Array.ConvertAll(characters, character => Encoding.UTF8.GetBytes(character.ToString()));
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
    public int[] Encode(ReadOnlySpan<byte> text)
    {
        var ids = new int[text.Length];
        int count = 0;
        for (int position = 0, length; position < text.Length; position += length)
        {
            if (Rune.DecodeFromUtf8(text[position..], out Rune character, out length) != OperationStatus.Done)
            {
                throw new UserException($"CharacterTokenizer: byte 0x{text[position]:X2} at offset {position} is not UTF-8, so no character.");
            }

            if (!_ids.TryGetValue(character, out ids[count++]))
            {
                throw new UserException(
                    $"CharacterTokenizer: {Describe(character)} at byte {position} is not one of the {_characters.Length} known characters; "
                    + "leave it out, or train with a text that holds it.");
            }
        }

        return count == ids.Length ? ids : ids[..count];
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> BytesOf(int id)
    {
        TokenizerText.CheckId(this, id);
        return id == BosId ? [] : _bytes[id];
    }

    /// <inheritdoc/>
    public void Save(Stream stream) => TokenizerFile.Write(stream, json =>
    {
        json.WriteString("type", Kind);
        json.WriteString("characters", string.Concat(_characters));
    });

    internal static CharacterTokenizer FromJson(JsonPart json)
    {
        JsonPart characters = json.Require("characters");
        Rune[] runes = [.. characters.Text().EnumerateRunes()];
        if (runes.Length == 0)
        {
            throw characters.Fault("is empty, expected all characters in order");
        }

        for (int i = 1; i < runes.Length; i++)
        {
            if (runes[i - 1] >= runes[i])
            {
                throw characters.Fault($"has {Describe(runes[i])} after {Describe(runes[i - 1])}, expected rising code points, each once");
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
