using System.Globalization;
using System.Text;

namespace TinyLM;

/// <summary>
/// Ready token ids: a JSON array a line and document. The first id of each is context only, BOS or whatever the file's maker puts there; the others are scored.
/// </summary>
public static class IdsFile
{
    /// <summary>Reads the documents.</summary>
    /// <param name="path">The file.</param>
    /// <param name="vocabularySize">Ids are below it.</param>
    /// <param name="bosId">The id that ends a document, where ends are scored.</param>
    /// <exception cref="UserException">The file cannot be read, a line is no array of ids, or it has none; the message names the line.</exception>
    public static TokenizedDocuments Read(string path, int vocabularySize, int bosId)
    {
        var ids = new List<int>();
        var starts = new List<long> { 0 };
        foreach (int[] document in NumberLines.Read<int>(path, TryTake, $"an id, a whole number from 0 to {vocabularySize - 1}"))
        {
            if (document.Length == 0)
            {
                throw new UserException($"{path}: line {starts.Count} has no ids; expected at least the context id that each document begins with.");
            }

            ids.AddRange(document);
            starts.Add(ids.Count);
        }

        return starts.Count > 1
            ? new TokenizedDocuments(new ArrayTokenIds([.. ids]), [.. starts], starts.Count - 1, bosId, null)
            : throw new UserException($"{path}: is empty; expected a JSON array of ids a line, such as [256, 72, 105].");

        bool TryTake(ref System.Text.Json.Utf8JsonReader json, out int id) => json.TryGetInt32(out id) && id >= 0 && id < vocabularySize;
    }

    /// <summary>Writes documents.</summary>
    /// <exception cref="UserException">The file cannot be written.</exception>
    public static void Write(string path, TokenizedDocuments documents)
    {
        ArgumentNullException.ThrowIfNull(documents);
        AtomicFile.Write(path, stream =>
        {
            using var writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
            for (int document = 0; document < documents.Count; document++)
            {
                writer.Write($"[{string.Join(',', documents.ToArray(document).Select(id => id.ToString(CultureInfo.InvariantCulture)))}]\n");
            }
        });
    }
}
