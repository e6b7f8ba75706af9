namespace TinyLM;

/// <summary>Differentiable ops that lay parts side by side or among one another in one matrix.</summary>
public static class JoinOperations
{
    /// <summary>
    /// [rows, columns] with x from column <paramref name="start"/> on, and likewise up to two more; zeros elsewhere. The parts do not overlap.
    /// </summary>
    /// <param name="x">[rows, its columns].</param>
    /// <param name="start">The first column of x in the result.</param>
    /// <param name="columns">Of the result.</param>
    /// <param name="second">[rows, its columns], or none.</param>
    /// <param name="secondStart">The first column of the second; at least where x ends.</param>
    /// <param name="third">[rows, its columns], or none.</param>
    /// <param name="thirdStart">The first column of the third; at least where the second ends.</param>
    public static Variable PlaceColumns(
        this Variable x, int start, int columns, Variable second = default, int secondStart = 0, Variable third = default, int thirdStart = 0)
    {
        Tensor y = x.Tape.Allocate(x.Rows, columns);
        int covered = x.Columns + (second.IsNone ? 0 : second.Columns) + (third.IsNone ? 0 : third.Columns);
        if (covered < columns)
        {
            Elementwise.Fill(y, 0);
        }

        int end = Place(x, start, 0);
        end = second.IsNone ? end : Place(second, secondStart, end);
        _ = third.IsNone ? end : Place(third, thirdStart, end);
        var operation = x.Tape.Record<PlaceColumnsRecord>(x, second, third);
        operation?.Set((x, start), (second, secondStart), (third, thirdStart));
        return x.Tape.Result(operation, y);

        int Place(Variable part, int at, int from)
        {
            if (at < from)
            {
                throw new ArgumentException($"PlaceColumns: a part from column {at} on, expected at least {from}, where the part before it ends.");
            }

            ColumnRange.Copy(part.Value, 0, y, at, part.Columns, accumulate: false);
            return at + part.Columns;
        }
    }

    /// <summary>
    /// y[places[i]] = x[rows[i]], and y[otherPlaces[j]] = other[otherRows[j]]: what a document has from before, and what is new of it.
    /// </summary>
    /// <param name="x">[any, columns].</param>
    /// <param name="rows">Which of its rows are taken, each at most once.</param>
    /// <param name="places">As many: where they go.</param>
    /// <param name="other">[any, columns]: constants, on the tape or not.</param>
    /// <param name="otherRows">Which of its rows are taken.</param>
    /// <param name="otherPlaces">As many: where they go; with <paramref name="places"/> each row of y once.</param>
    /// <returns>[rows + other rows, columns].</returns>
    public static Variable MergeRows(this Variable x, IndexTensor rows, IndexTensor places, Tensor other, IndexTensor otherRows, IndexTensor otherPlaces)
    {
        Tensor y = x.Tape.Allocate(rows.Length + otherRows.Length, x.Columns);
        RowCopy.Copy(x.Value, rows, y, places);
        RowCopy.Copy(other, otherRows, y, otherPlaces);
        var operation = x.Tape.Record<MergeRowsRecord>(x);
        operation?.Set(x, rows, places);
        return x.Tape.Result(operation, y);
    }

    private sealed class PlaceColumnsRecord : Operation
    {
        private (Variable Part, int Start) _first, _second, _third;

        public override string Name => "PlaceColumns";

        public void Set((Variable Part, int Start) first, (Variable Part, int Start) second, (Variable Part, int Start) third) =>
            (_first, _second, _third) = (first, second, third);

        public override void Backward(Tensor gradient)
        {
            Pass(gradient, _first);
            Pass(gradient, _second);
            Pass(gradient, _third);
        }

        private static void Pass(Tensor gradient, (Variable Part, int Start) part)
        {
            GradientSlot slot = part.Part.BeginGradient();
            if (slot.IsWanted)
            {
                ColumnRange.Copy(gradient, part.Start, slot.Tensor, 0, part.Part.Columns, slot.Accumulate);
            }
        }
    }

    private sealed class MergeRowsRecord : Operation
    {
        private Variable _x;
        private IndexTensor _rows, _places;

        public override string Name => "MergeRows";

        public void Set(Variable x, IndexTensor rows, IndexTensor places) => (_x, _rows, _places) = (x, rows, places);

        public override void Backward(Tensor gradient)
        {
            GradientSlot x = _x.BeginGradient();
            Tensor target = x.Accumulate ? _x.Tape.Allocate(_x.Rows, _x.Columns) : x.Tensor;
            if (_rows.Length < _x.Rows)
            {
                Elementwise.Fill(target, 0);
            }

            RowCopy.Copy(gradient, _places, target, _rows);
            if (x.Accumulate)
            {
                Elementwise.Accumulate(target, x.Tensor);
                _x.Device.Arena.Recycle(target);
            }
        }
    }
}
