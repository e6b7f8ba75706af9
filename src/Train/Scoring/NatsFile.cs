using System.Globalization;
using System.Text;
using System.Text.Json;

namespace TinyLM;

/// <summary>
/// Scores, as they come out of a scorer: a JSON array a line and document, in order, with the negative log-likelihood of each target in nats; an empty array where
/// a document has none. A value that is read back is the same to the bit.
/// </summary>
public static class NatsFile
{
    /// <summary>The scores of each document.</summary>
    /// <exception cref="UserException">The file cannot be read, or a line is no array of finite numbers; the message names the line.</exception>
    public static IReadOnlyList<float[]> Read(string path)
    {
        return [.. NumberLines.Read<float>(path, TryTake, "a finite number of nats")];

        static bool TryTake(ref Utf8JsonReader json, out float value) => json.TryGetSingle(out value) && float.IsFinite(value);
    }

    /// <summary>The scores of certain documents, one after another.</summary>
    /// <param name="path">The file.</param>
    /// <param name="documents">What it should hold the scores of.</param>
    /// <param name="scoreEnd">Whether the end of each document is a target.</param>
    /// <exception cref="UserException">As in <see cref="Read(string)"/>; or there are more or fewer documents or targets.</exception>
    public static float[] Read(string path, TokenizedDocuments documents, bool scoreEnd)
    {
        ArgumentNullException.ThrowIfNull(documents);
        IReadOnlyList<float[]> lines = Read(path);
        if (lines.Count != documents.Count)
        {
            throw new UserException($"{path}: has {lines.Count} lines, expected {documents.Count}, one a document.");
        }

        for (int document = 0; document < lines.Count; document++)
        {
            int targets = TargetBuilder.CountTargets(documents.LengthOf(document), scoreEnd);
            if (lines[document].Length != targets)
            {
                throw new UserException($"{path}: line {document + 1} has {lines[document].Length} values, expected {targets}, one a target of a document of {documents.LengthOf(document)} ids.");
            }
        }

        return [.. lines.SelectMany(values => values)];
    }

    /// <summary>Writes the scores of a report.</summary>
    /// <exception cref="UserException">The file cannot be written.</exception>
    public static void Write(string path, ScoreReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        AtomicFile.Write(path, stream =>
        {
            using var writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
            int next = 0;
            foreach (DocumentScore document in report.Documents)
            {
                writer.Write('[');
                for (int target = 0; target < document.Targets; target++)
                {
                    writer.Write(target > 0 ? "," : "");
                    writer.Write(report.Nats[next++].ToString("R", CultureInfo.InvariantCulture));
                }

                writer.Write("]\n");
            }
        });
    }
}
