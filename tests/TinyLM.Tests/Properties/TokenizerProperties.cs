using System.Text;
using CsCheck;

namespace TinyLM.Tests.Properties;

/// <summary>Any text, and any bytes.</summary>
[Category("Properties")]
public class TokenizerProperties
{
    /// <summary>Whole characters of one to four bytes, control characters and noncharacters among them.</summary>
    internal static Gen<string> Text { get; } =
        Gen.OneOf(Gen.Int[0, 0x7F], Gen.Int[0x80, 0x7FF], Gen.Int[0x800, 0xD7FF], Gen.Int[0xE000, 0xFFFF], Gen.Int[0x10000, 0x10FFFF])
            .Array[0, 20].Select(runes => string.Concat(runes.Select(char.ConvertFromUtf32)));

    [Test]
    public void Any_text_survives_the_way_there_and_back() => Property.Holds("host", 300, Text, text =>
    {
        ITokenizer[] tokenizers = [new ByteTokenizer(), .. text.Length > 0 ? new ITokenizer[] { CharacterTokenizer.FromTexts([text]) } : []];
        foreach (ITokenizer tokenizer in tokenizers)
        {
            int[] ids = tokenizer.Encode(text);
            var file = new MemoryStream();
            tokenizer.Save(file);
            file.Position = 0;
            ITokenizer loaded = TokenizerFile.Load(file, "tokenizer.json");
            Assert.That(tokenizer.Decode([tokenizer.BosId, .. ids]), Is.EqualTo(text), tokenizer.Name);
            Assert.That(ids, Is.All.InRange(0, tokenizer.BosId - 1), tokenizer.Name);
            Assert.That(ids.Sum(tokenizer.ByteCount), Is.EqualTo(Encoding.UTF8.GetByteCount(text)), tokenizer.Name);
            Assert.That(loaded.Encode(text), Is.EqualTo(ids), tokenizer.Name);
            Assert.That(loaded.VocabularySize, Is.EqualTo(tokenizer.VocabularySize), tokenizer.Name);
        }
    });

    [Test]
    public void A_string_is_encoded_or_refused_and_never_altered() =>
        Property.Holds("host", 200, Gen.OneOf(Gen.Char, Gen.Char['\uD700', '\uE0FF']).Array[0, 12].Select(characters => new string(characters)), text =>
        {
            var tokenizer = new ByteTokenizer();
            if (IsWhole(text))
            {
                Assert.That(tokenizer.Decode(tokenizer.Encode(text)), Is.EqualTo(text));
                return;
            }

            Assert.That(() => tokenizer.Encode(text), Throws.TypeOf<UserException>());
            Assert.That(() => CharacterTokenizer.FromTexts([text]), Throws.TypeOf<UserException>());
        });

    [Test]
    public void Any_bytes_are_decoded_as_UTF8_and_kept_where_they_are_text() => Property.Holds("host", 200, Gen.Byte.Array[0, 20], bytes =>
    {
        var tokenizer = new ByteTokenizer();
        int[] ids = Array.ConvertAll(bytes, value => (int)value);
        string text = tokenizer.Decode(ids);
        Assert.That(text, Is.EqualTo(Encoding.UTF8.GetString(bytes)));
        Assert.That(text.Contains('\uFFFD') || tokenizer.Encode(text).SequenceEqual(ids), Is.True);
    });

    /// <summary>Whether every surrogate is one of a pair.</summary>
    internal static bool IsWhole(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(text[i]))
            {
                return false;
            }
        }

        return true;
    }
}
