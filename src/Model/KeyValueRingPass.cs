namespace TinyLM;

/// <summary>One piece of each of some documents, and what they see from before.</summary>
public sealed class KeyValueRingPass
{
    private readonly KeyValueRing _stream;
    private readonly IndexTensor _newRows, _newPlaces, _oldRows, _oldPlaces, _ringRows;
    private readonly bool _keeps;

    internal KeyValueRingPass(KeyValueRing stream, Tape tape, int first, DocumentOffsets pieces, int readCount, bool keeps)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(pieces);
        if (pieces.LongestDocument > stream.Window)
        {
            throw new ArgumentException($"KeyValueRing: a piece of {pieces.LongestDocument} tokens, expected at most the window, {stream.Window}.");
        }

        (_stream, _keeps, ReadCount) = (stream, keeps, readCount);
        int window = stream.Window, documents = pieces.DocumentCount, old = 0;
        var lengths = new int[documents];
        for (int document = 0; document < documents; document++)
        {
            int seen = Math.Min(readCount, window - pieces.LengthOf(document));
            lengths[document] = seen + pieces.LengthOf(document);
            old += seen;
        }

        Keys = DocumentOffsets.FromLengths(lengths);
        int[] oldRows = new int[old], oldPlaces = new int[old], newPlaces = new int[pieces.TokenCount], ringRows = new int[pieces.TokenCount];
        for (int document = 0, i = 0, j = 0; document < documents; document++)
        {
            int ring = (first + document) * window, seen = lengths[document] - pieces.LengthOf(document), place = Keys.Starts[document];
            for (int token = readCount - seen; token < readCount; token++, i++)
            {
                (oldRows[i], oldPlaces[i]) = (ring + token % window, place++);
            }

            for (int token = readCount; token < readCount + pieces.LengthOf(document); token++, j++)
            {
                (newPlaces[j], ringRows[j]) = (place++, ring + token % window);
            }
        }

        Device device = tape.Device;
        _newRows = device.TemporaryIndices([.. Enumerable.Range(0, pieces.TokenCount)]);
        (_newPlaces, _oldRows, _oldPlaces) = (device.TemporaryIndices(newPlaces), device.TemporaryIndices(oldRows), device.TemporaryIndices(oldPlaces));
        _ringRows = device.TemporaryIndices(ringRows);
    }

    /// <summary>Tokens that each document has read before.</summary>
    internal int ReadCount { get; }

    /// <summary>What each document sees: what is left of before, then its new tokens.</summary>
    internal DocumentOffsets Keys { get; }

    internal Tensor RotaryTable => _stream.RotaryTable;

    /// <summary>The keys and values that the new tokens see, theirs among them; and theirs are put by.</summary>
    /// <param name="layer">Whose.</param>
    /// <param name="keyValues">[new tokens, 2 · key/value width].</param>
    /// <returns>[seen tokens, 2 · key/value width], as <see cref="Keys"/> tells.</returns>
    internal Variable Merge(int layer, Variable keyValues)
    {
        Variable all = keyValues.MergeRows(_newRows, _newPlaces, _stream.Layer(layer), _oldRows, _oldPlaces);
        if (_keeps)
        {
            RowCopy.Copy(keyValues.Value, _newRows, _stream.Layer(layer), _ringRows);
        }

        return all;
    }
}
