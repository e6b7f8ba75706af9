namespace TinyLM.Tests.Data;

/// <summary>All ids of a few documents at once.</summary>
internal static class TokenizedDocumentsContent
{
    public static int[] AllIds(this TokenizedDocuments documents) => [.. Enumerable.Range(0, documents.Count).SelectMany(documents.ToArray)];

    public static int[] AllStarts(this TokenizedDocuments documents) =>
        DocumentOffsets.FromLengths([.. Enumerable.Range(0, documents.Count).Select(documents.LengthOf)]).Starts.ToArray();
}
