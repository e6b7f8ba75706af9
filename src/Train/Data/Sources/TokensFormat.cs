using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace TinyLM;

/// <summary>
/// Ready GPT-2 tokens. A <c>.bin</c> shard (llm.c, modded-nanogpt) is a header of 256 int32 (magic 20240520, version 1, number of tokens) and uint16 ids;
/// one that begins in mid-document goes on with the shard before. A torch archive (slowrun) is told by its ZIP magic.
/// </summary>
internal sealed class TokensFormat : DocumentFormat
{
    public const int Bos = 50256;

    /// <summary>A part of a document has at most so many tokens.</summary>
    public const int LongestPart = 1 << 20;
    private const int HeaderLength = 256 * sizeof(int);
    private const int ShardMagic = 20240520;
    private const int ShardVersion = 1;

    public override string Identity => "tokens";

    public override IReadOnlyList<string> Patterns => ["*.bin", "*.pt"];

    public override int? BosId => Bos;

    public override IEnumerable<Document> Read(InputFile file)
    {
        Span<byte> magic = stackalloc byte[2];
        file.Raw.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
        file.Raw.Position = 0;
        return magic.SequenceEqual("PK"u8) ? TorchTokens.Read(file) : ReadShard(file);
    }

    private static IEnumerable<Document> ReadShard(InputFile file)
    {
        int rest = ReadHeader(file);
        var ids = new ushort[LongestPart];
        var document = new List<int>(LongestPart);
        int number = 0;

        // Before the first BOS the document of the shard before goes on.
        bool continues = true;
        for (int count; rest > 0; rest -= count)
        {
            count = Math.Min(rest, ids.Length);
            file.Raw.ReadExactly(MemoryMarshal.AsBytes(ids.AsSpan(0, count)));
            for (int i = 0; i < count; i++)
            {
                if (ids[i] == Bos || document.Count == LongestPart)
                {
                    yield return Take();
                    continues = ids[i] != Bos;
                    number += continues ? 0 : 1;
                }

                if (ids[i] != Bos)
                {
                    document.Add(ids[i]);
                }
            }
        }

        yield return Take();

        Document Take()
        {
            var taken = new Document($"{file.Name}: document {number}", "") { Ids = [.. document], Continues = continues };
            document.Clear();
            return taken;
        }
    }

    private static int ReadHeader(InputFile file)
    {
        if (file.Raw.Length < HeaderLength)
        {
            throw new UserException($"{file.Path}: has {file.Raw.Length} bytes, expected a header of {HeaderLength} and tokens (llm.c, modded-nanogpt).");
        }

        Span<byte> header = stackalloc byte[HeaderLength];
        file.Raw.ReadExactly(header);
        int magic = BinaryPrimitives.ReadInt32LittleEndian(header), version = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
        int count = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        if (magic != ShardMagic || version != ShardVersion)
        {
            throw new UserException($"{file.Path}: has the magic {magic} and version {version}, expected {ShardMagic} and {ShardVersion}: GPT-2 tokens as llm.c and modded-nanogpt store them.");
        }

        long expected = HeaderLength + (long)count * sizeof(ushort);
        return count > 0 && file.Raw.Length == expected
            ? count
            : throw new UserException($"{file.Path}: claims {count} tokens, which take {expected} bytes, but has {file.Raw.Length}; it is cut short or damaged.");
    }
}
