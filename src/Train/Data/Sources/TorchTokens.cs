using System.IO.Compression;

namespace TinyLM;

/// <summary>
/// slowrun's torch archive: a ZIP whose <c>data.pkl</c> is a dictionary of <c>tokens</c> (uint16, or a signed type), <c>doc_starts</c> (int64) and
/// <c>bos_id</c>. It is read as data; nothing of it is executed (<see cref="PickleReader"/>).
/// </summary>
internal static class TorchTokens
{
    private const string PickleName = "/data.pkl";
    private const int LargestPickle = 1 << 20;

    /// <summary>The documents, each without its BOS.</summary>
    public static IEnumerable<Document> Read(InputFile file)
    {
        using var archive = new ZipArchive(file.Raw, ZipArchiveMode.Read, leaveOpen: true);
        ZipArchiveEntry pickle = archive.Entries.FirstOrDefault(entry => entry.FullName.EndsWith(PickleName, StringComparison.Ordinal))
            ?? throw new UserException($"{file.Path}: is a ZIP archive without a data.pkl, so none that torch.save made.");
        string root = pickle.FullName[..^PickleName.Length];
        Dictionary<string, object?> saved = ReadPickle(pickle, file.Path);
        long bos = Field<long>(saved, "bos_id", file.Path);
        if (bos != TokensFormat.Bos)
        {
            throw new UserException($"{file.Path}: its documents begin with id {bos}, expected {TokensFormat.Bos}, GPT-2's.");
        }

        // Both are read side by side, so that neither is held in memory.
        using var tokens = new TorchIntegers(archive, root, Field<TorchTensor>(saved, "tokens", file.Path), $"{file.Path}: 'tokens'");
        using var starts = new TorchIntegers(archive, root, Field<TorchTensor>(saved, "doc_starts", file.Path), $"{file.Path}: 'doc_starts'");
        long start = starts.Length > 0 ? starts.Next() : -1;
        if (start != 0)
        {
            throw new UserException($"{file.Path}: 'doc_starts' has {starts.Length} entries and begins with {start}; expected at least one, and 0.");
        }

        for (long document = 0; document < starts.Length; document++)
        {
            long end = document + 1 < starts.Length ? starts.Next() : tokens.Length;
            if (end <= start || end > tokens.Length)
            {
                throw new UserException($"{file.Path}: document {document} runs from token {start} to {end} of {tokens.Length}; expected rising starts.");
            }

            long first = tokens.Next();
            if (first != bos)
            {
                throw new UserException($"{file.Path}: document {document} begins with id {first}, expected {bos}, BOS.");
            }

            bool continues = false;
            for (long rest = end - start - 1; rest > 0; continues = true)
            {
                int[] ids = tokens.Read((int)Math.Min(rest, TokensFormat.LongestPart));
                yield return new Document($"{file.Name}: document {document}", "") { Ids = ids, Continues = continues };
                rest -= ids.Length;
            }

            start = end;
        }
    }

    private static Dictionary<string, object?> ReadPickle(ZipArchiveEntry entry, string path)
    {
        if (entry.Length > LargestPickle)
        {
            throw new UserException($"{path}: its data.pkl has {entry.Length} bytes, expected at most {LargestPickle}: a dictionary of two tensors and some numbers.");
        }

        var bytes = new byte[entry.Length];
        using (Stream stream = entry.Open())
        {
            stream.ReadExactly(bytes);
        }

        return new PickleReader(bytes, $"{path}: data.pkl").Read() as Dictionary<string, object?>
            ?? throw new UserException($"{path}: holds no dictionary; expected one of tokens, doc_starts and bos_id.");
    }

    private static T Field<T>(Dictionary<string, object?> saved, string name, string path) => saved.GetValueOrDefault(name) is T value
        ? value
        : throw new UserException(
            $"{path}: its dictionary has no {(typeof(T) == typeof(long) ? "number" : "tensor")} '{name}'{(saved.Count == 0 ? "" : $", only {string.Join(", ", saved.Keys.Take(8))}")}.");
}
