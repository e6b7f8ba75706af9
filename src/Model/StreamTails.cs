namespace TinyLM;

/// <summary>The last tokens of each document of a stream: those that are asked for.</summary>
internal sealed class StreamTails
{
    private readonly IndexTensor _rows;

    /// <param name="device">Of the stream.</param>
    /// <param name="stream">The documents.</param>
    /// <param name="tails">Of document d the last <c>tails.LengthOf(d)</c> tokens, at least one.</param>
    /// <param name="positions">[tokens]: position of each token in its document.</param>
    public StreamTails(Device device, DocumentOffsets stream, DocumentOffsets tails, ReadOnlySpan<int> positions)
    {
        Offsets = tails;
        int[] rows = new int[tails.TokenCount], places = new int[tails.TokenCount];
        for (int document = 0, i = 0; document < tails.DocumentCount; document++)
        {
            for (int row = stream.Starts[document + 1] - tails.LengthOf(document); row < stream.Starts[document + 1]; row++, i++)
            {
                (rows[i], places[i]) = (row, positions[row]);
            }
        }

        IsWhole = tails.TokenCount == stream.TokenCount;
        (_rows, Positions) = (device.TemporaryIndices(rows), device.TemporaryIndices(places));
    }

    public DocumentOffsets Offsets { get; }

    /// <summary>[tail tokens]: position of each in its document.</summary>
    public IndexTensor Positions { get; }

    private bool IsWhole { get; }

    /// <summary>The rows of the tails: [tail tokens, columns].</summary>
    public Variable Of(Variable x) => IsWhole ? x : x.Embedding(_rows);
}
