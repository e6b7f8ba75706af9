using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace TinyLM;

/// <summary>
/// A file of tokenized documents that is mapped into memory, so that a corpus may be larger than that. Behind the magic lie the ids of all documents (uint16
/// where the vocabulary allows, else int32), padding to 8 bytes, the documents' starts (int64, the number of tokens behind the last), the
/// <see cref="TokenStoreInfo"/> as JSON, its length (int32), and the magic again. All is little-endian.
/// </summary>
public sealed class TokenStore
{
    internal const int Version = 1;
    internal const int Alignment = sizeof(long);
    internal static readonly byte[] Magic = "TinyLM ids\n\0\0\0\0\0"u8.ToArray();
    private const int LongestInfo = 1 << 16;

    private TokenStore(string path, TokenStoreInfo info, TokenizedDocuments documents)
    {
        (Path, Info, Documents) = (path, info, documents);
    }

    public string Path { get; }

    public TokenStoreInfo Info { get; }

    /// <summary>The documents; their ids stay in the file.</summary>
    public TokenizedDocuments Documents { get; }

    /// <summary>Opens a store. Its lengths and starts are checked now, ids when they are read.</summary>
    /// <exception cref="UserException">There is no such file, or it is no store, cut short or damaged.</exception>
    public static TokenStore Open(string path)
    {
        FileStream? file = null;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1 << 16);
            TokenStoreInfo info = ReadInfo(file, path, out long startsOffset);
            long[] starts = ReadStarts(file, path, info, startsOffset);
            var ids = new MappedTokenIds(file, path, Magic.Length, info.TokenCount, info.IdSize, info.VocabularySize);
            return new TokenStore(path, info, new TokenizedDocuments(ids, starts, info.DocumentCount, info.BosId, info.Sha256));
        }
        catch (Exception fault)
        {
            file?.Dispose();
            if (FileFault.Is(fault) || fault is ArgumentException or NotSupportedException)
            {
                throw FileFault.Reading(path, fault);
            }

            throw;
        }
    }

    /// <summary>Tokenizes documents into a new store; whatever is there under its name is replaced, when all is done and not before.</summary>
    /// <param name="path">The file. Its folder is made where there is none.</param>
    /// <param name="documents">The documents; long ones may come in parts.</param>
    /// <param name="tokenizer">Encodes them, on several threads at once.</param>
    /// <param name="name">What the corpus is called.</param>
    /// <param name="sourceFingerprint">What the documents come from.</param>
    /// <param name="duplicateCount">What was left out of them.</param>
    /// <param name="threads">How many documents are encoded at once; no bit of the file depends on it.</param>
    /// <exception cref="UserException">A document cannot be read or encoded, or the file cannot be written.</exception>
    public static TokenStore Create(
        string path, IEnumerable<Document> documents, ITokenizer tokenizer, string name, string sourceFingerprint, int duplicateCount, int threads)
    {
        ArgumentNullException.ThrowIfNull(documents);
        ArgumentNullException.ThrowIfNull(tokenizer);
        var info = new TokenStoreInfo
        {
            Version = Version,
            Name = name,
            SourceFingerprint = sourceFingerprint,
            Tokenizer = tokenizer.Name,
            TokenizerSha256 = HashOf(tokenizer),
            VocabularySize = tokenizer.VocabularySize,
            BosId = tokenizer.BosId,
            DocumentCount = 0,
            TokenCount = 0,
            DuplicateCount = duplicateCount,
            Sha256 = "",
        };
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)) ?? "");
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Writing(path, fault);
        }

        AtomicFile.Write(path, stream =>
        {
            using var writer = new TokenStoreWriter(stream, info);
            foreach (EncodedDocument document in ParallelEncoder.Encode(documents, tokenizer, threads))
            {
                writer.Add(document);
            }

            writer.Complete();
        });
        return Open(path);
    }

    /// <summary>The SHA-256, in hex, of the tokenizer as it is saved.</summary>
    internal static string HashOf(ITokenizer tokenizer)
    {
        using var saved = new MemoryStream();
        tokenizer.Save(saved);
        return Convert.ToHexStringLower(SHA256.HashData(saved.GetBuffer().AsSpan(0, (int)saved.Length)));
    }

    private static TokenStoreInfo ReadInfo(FileStream file, string path, out long startsOffset)
    {
        int ends = 2 * Magic.Length + sizeof(int);
        Span<byte> tail = stackalloc byte[Magic.Length + sizeof(int)], head = stackalloc byte[Magic.Length];
        if (file.Length < ends)
        {
            throw new UserException($"{path}: not a token store: it has {file.Length} bytes, expected at least {ends}.");
        }

        file.ReadExactly(head);
        file.Position = file.Length - tail.Length;
        file.ReadExactly(tail);
        if (!head.SequenceEqual(Magic) || !tail.EndsWith(Magic))
        {
            throw new UserException($"{path}: not a token store, or one that was cut short: it does not begin and end as one.");
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(tail);
        if (length < 0 || length > Math.Min(LongestInfo, file.Length - ends))
        {
            throw new UserException($"{path}: not a valid token store: it claims {length} bytes of description; it has {file.Length}.");
        }

        var json = new byte[length];
        file.Position = file.Length - tail.Length - length;
        file.ReadExactly(json);
        TokenStoreInfo info = Parse(json, path);
        long idBytes = info.TokenCount * info.IdSize;
        startsOffset = Magic.Length + (idBytes + Alignment - 1) / Alignment * Alignment;
        long expected = startsOffset + (info.DocumentCount + 1L) * sizeof(long) + length + tail.Length;
        return expected == file.Length
            ? info
            : throw new UserException($"{path}: claims {info.DocumentCount} documents of {info.TokenCount} tokens, which take {expected} bytes, but has {file.Length}; it is cut short or damaged.");
    }

    private static TokenStoreInfo Parse(byte[] json, string path)
    {
        try
        {
            TokenStoreInfo info = JsonSerializer.Deserialize(json, TokenStoreJson.Default.TokenStoreInfo) ?? throw new JsonException("it is null");
            bool isSound = info.Version == Version && info.DocumentCount >= 0 && info.TokenCount >= info.DocumentCount && info.TokenCount <= long.MaxValue / 16
                && info.BosId >= 0 && info.BosId < info.VocabularySize;
            return isSound
                ? info
                : throw new UserException($"{path}: not a valid token store: version {info.Version}, {info.DocumentCount} documents, {info.TokenCount} tokens, BOS {info.BosId} of {info.VocabularySize}.");
        }
        catch (JsonException fault)
        {
            throw new UserException($"{path}: not a valid token store: its description is no JSON of one: {fault.Message}", UserException.Mistake, fault);
        }
    }

    private static long[] ReadStarts(FileStream file, string path, TokenStoreInfo info, long offset)
    {
        var starts = new long[info.DocumentCount + 1];
        file.Position = offset;
        file.ReadExactly(MemoryMarshal.AsBytes(starts.AsSpan()));
        for (int document = 0; document < info.DocumentCount; document++)
        {
            if (starts[document + 1] <= starts[document] || starts[document + 1] - starts[document] > TokenStoreWriter.LongestDocument)
            {
                throw new UserException($"{path}: not a valid token store: document {document} runs from token {starts[document]} to {starts[document + 1]}.");
            }
        }

        return starts[0] == 0 && starts[^1] == info.TokenCount
            ? starts
            : throw new UserException($"{path}: not a valid token store: its documents run from token {starts[0]} to {starts[^1]} of {info.TokenCount}.");
    }
}
