using System.Numerics;

namespace TinyLM;

/// <summary>
/// Pieces packed into rows, the longest first, each into the row with the least room that still holds it ("best fit decreasing"); the rows are
/// dealt in a permuted order. Linear in the number of pieces, since a row's room is a small number.
/// </summary>
internal sealed class BestFitPlan : PiecesPlan
{
    /// <summary>[pieces]: row by row; within a row in the order of the documents.</summary>
    private readonly int[] _packed;

    /// <summary>[rows + 1]: the first of each row's pieces.</summary>
    private readonly int[] _starts;

    private readonly int[] _rows;

    public BestFitPlan(TokenizedDocuments documents, BatchLayout layout, int[] documentOrder, PlanOrder order)
        : base(documents, layout, documentOrder, order)
    {
        int[] rowOf = Pack(out int rowCount);
        (_packed, _starts) = Group(rowOf, rowCount);
        _rows = order.Of(rowCount);
        StepCount = StepsOf(rowCount, order);
    }

    public override int StepCount { get; }

    protected override void Collect(int step, List<Segment> segments)
    {
        int first = step * Layout.RowsPerStep;
        foreach (int row in _rows.AsSpan(first, Math.Min(Layout.RowsPerStep, _rows.Length - first)))
        {
            for (int i = _starts[row]; i < _starts[row + 1]; i++)
            {
                segments.Add(SegmentOf(Pieces[_packed[i]], beginsAnew: i == _starts[row]));
            }
        }
    }

    /// <returns>[pieces]: the row of each.</returns>
    private int[] Pack(out int rowCount)
    {
        // The rows that have so much room are a chain; a bit tells where one begins.
        int[] chain = new int[Layout.ContextLength + 1], next = new int[Pieces.Length], rowOf = new int[Pieces.Length];
        var hasRoom = new ulong[Layout.ContextLength / 64 + 1];
        rowCount = 0;
        var (sorted, _) = Group(Array.ConvertAll(Pieces, piece => Layout.ContextLength - LengthOf(piece)), Layout.ContextLength);
        foreach (int piece in sorted)
        {
            int length = LengthOf(Pieces[piece]), room = LeastRoom(hasRoom, length), row;
            if (room < 0)
            {
                (room, row) = (Layout.ContextLength, rowCount++);
            }
            else
            {
                row = chain[room];
                chain[room] = next[row];
                Mark(room, chain[room] != row);
            }

            rowOf[piece] = row;
            int left = room - length;
            bool isFirst = (hasRoom[left / 64] >> left % 64 & 1) == 0;
            next[row] = isFirst ? row : chain[left];
            chain[left] = row;
            Mark(left, true);
        }

        return rowOf;

        void Mark(int room, bool value)
        {
            ulong bit = 1UL << room % 64;
            hasRoom[room / 64] = value ? hasRoom[room / 64] | bit : hasRoom[room / 64] & ~bit;
        }
    }

    /// <summary>The least room of any row that is at least so large, or -1.</summary>
    private static int LeastRoom(ulong[] hasRoom, int length)
    {
        int word = length / 64;
        ulong bits = hasRoom[word] & ulong.MaxValue << length % 64;
        while (bits == 0)
        {
            if (++word == hasRoom.Length)
            {
                return -1;
            }

            bits = hasRoom[word];
        }

        return word * 64 + BitOperations.TrailingZeroCount(bits);
    }

    /// <summary>The pieces by a key below <paramref name="keyCount"/>, those of one key in their own order; and where each key's begin.</summary>
    private static (int[] Pieces, int[] Starts) Group(int[] keys, int keyCount)
    {
        var starts = new int[keyCount + 1];
        foreach (int key in keys)
        {
            starts[key + 1]++;
        }

        for (int key = 0; key < keyCount; key++)
        {
            starts[key + 1] += starts[key];
        }

        int[] pieces = new int[keys.Length], filled = starts[..^1];
        for (int piece = 0; piece < keys.Length; piece++)
        {
            pieces[filled[keys[piece]]++] = piece;
        }

        return (pieces, starts);
    }
}
