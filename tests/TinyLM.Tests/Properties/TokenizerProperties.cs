using System.Text;
using CsCheck;
using TinyLM.Tests.Data;

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
        ITokenizer[] tokenizers = [new ByteTokenizer(), BytePairs.Gpt2, BytePairs.Learnt, .. text.Length > 0 ? new ITokenizer[] { CharacterTokenizer.FromTexts([text]) } : []];
        foreach (ITokenizer tokenizer in tokenizers)
        {
            int[] ids = tokenizer.Encode(text);
            ITokenizer loaded = tokenizer == BytePairs.Gpt2 ? tokenizer : TokenizerFile.Load(new MemoryStream(tokenizer.Saved()), "tokenizer.json");
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
    public void Any_bytes_come_back_as_they_were() =>
        Property.Holds("host", 200, Gen.OneOf(Gen.Byte.Array[0, 20], Gen.Select(Text, Gen.Byte.Array[1, 3], Text, Torn)), bytes =>
        {
            foreach (ITokenizer tokenizer in (ITokenizer[])[new ByteTokenizer(), BytePairs.Gpt2, BytePairs.Learnt])
            {
                int[] ids = tokenizer.Encode(bytes);
                Assert.That(tokenizer.DecodeBytes(ids), Is.EqualTo(bytes), tokenizer.Name);
                Assert.That(tokenizer.Decode(ids), Is.EqualTo(Encoding.UTF8.GetString(bytes)), tokenizer.Name);
                Assert.That(ids.Sum(tokenizer.ByteCount), Is.EqualTo(bytes.Length), tokenizer.Name);
                Assert.That(ids, Has.None.EqualTo(tokenizer.BosId), tokenizer.Name);
            }
        });

    [Test]
    public void Byte_pairs_are_learnt_and_merged_as_the_plain_definition_says() =>
        Property.Holds("host", 100, Gen.Select(Gen.Char['a', 'c'].Array[0, 8].Select(letters => new string(letters)).Array[1, 12], Text, Gen.Int[257, 280]), draw =>
        {
            var (words, other, size) = draw;
            string[] texts = [string.Join(' ', words), other];
            BytePairTokenizer tokenizer = BytePairTrainer.Train(texts, size);
            List<(byte[] Left, byte[] Right)> merges = BytePairReference.Learn(texts, size);
            Assert.That(tokenizer.Merges(), Is.EqualTo(merges.Select(merge => $"{Convert.ToHexString(merge.Left)} {Convert.ToHexString(merge.Right)}")));
            foreach (string text in (string[])[.. texts, string.Concat(words), "cab cab  aaaa's"])
            {
                byte[][] tokens = [.. tokenizer.Encode(text).Select(id => tokenizer.BytesOf(id).ToArray())];
                Assert.That(tokens, Is.EqualTo(BytePairReference.Encode(text, merges)), text);
            }
        });

    private static byte[] Torn(string before, byte[] bytes, string after) => [.. Encoding.UTF8.GetBytes(before), .. bytes, .. Encoding.UTF8.GetBytes(after)];

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
