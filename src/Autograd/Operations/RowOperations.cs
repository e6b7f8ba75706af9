namespace TinyLM;

/// <summary>Differentiable ops that move rows and columns: slices, concatenation, reshaping, scattering; dropout; and a matrix a document.</summary>
public static class RowOperations
{
    /// <summary>The same elements as [rows, columns], sharing memory.</summary>
    public static Variable Reshape(this Variable x, int rows, int columns)
    {
        Tensor y = x.Value.Reshape(rows, columns);
        var operation = x.Tape.Record<ReshapeRecord>(x);
        operation?.Set(x);
        return x.Tape.Result(operation, y);
    }

    /// <summary>Rows <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/> - 1, sharing memory.</summary>
    public static Variable RowRange(this Variable x, int start, int count)
    {
        Tensor y = x.Value.RowRange(start, count);
        var operation = x.Tape.Record<RowRangeRecord>(x);
        operation?.Set(x, start);
        return x.Tape.Result(operation, y);
    }

    /// <summary>Columns <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/> - 1, copied.</summary>
    public static Variable ColumnRange(this Variable x, int start, int count)
    {
        Tensor y = x.Tape.Allocate(x.Rows, count);
        TinyLM.ColumnRange.Copy(x.Value, start, y, 0, count, accumulate: false);
        var operation = x.Tape.Record<ColumnRangeRecord>(x);
        operation?.Set(x, start);
        return x.Tape.Result(operation, y);
    }

    /// <summary>The rows of a, and below them those of b: [a's rows + b's rows, columns].</summary>
    public static Variable AppendRows(this Variable a, Variable b)
    {
        Tensor y = a.Tape.Allocate(a.Rows + b.Rows, a.Columns);
        Shapes.Check(nameof(AppendRows), nameof(b), b.Value, b.Rows, a.Columns);
        Elementwise.Copy(a.Value, y.RowRange(0, a.Rows));
        Elementwise.Copy(b.Value, y.RowRange(a.Rows, b.Rows));
        var operation = a.Tape.Record<AppendRowsRecord>(a, b);
        operation?.Set(a, b);
        return a.Tape.Result(operation, y);
    }

    /// <summary>The columns of a, and beside them those of b: [rows, a's columns + b's columns].</summary>
    public static Variable AppendColumns(this Variable a, Variable b)
    {
        Tensor y = a.Tape.Allocate(a.Rows, a.Columns + b.Columns);
        Shapes.Check(nameof(AppendColumns), nameof(b), b.Value, a.Rows, b.Columns);
        TinyLM.ColumnRange.Copy(a.Value, 0, y, 0, a.Columns, accumulate: false);
        TinyLM.ColumnRange.Copy(b.Value, 0, y, a.Columns, b.Columns, accumulate: false);
        var operation = a.Tape.Record<AppendColumnsRecord>(a, b);
        operation?.Set(a, b);
        return a.Tape.Result(operation, y);
    }

    /// <summary>
    /// y[i] = the sum of the rows x[t] with ids[t] = i, in the order of t; the opposite of <see cref="StreamOperations.Embedding(Variable, IndexTensor)"/>, which gathers rows.
    /// <remarks>torch.Tensor.index_add_</remarks>
    /// </summary>
    /// <param name="x">[tokens, columns].</param>
    /// <param name="ids">[tokens], each in 0 … rows - 1.</param>
    /// <param name="rows">Rows of the result.</param>
    public static Variable ScatterRows(this Variable x, IndexTensor ids, int rows)
    {
        Tensor y = x.Tape.Allocate(rows, x.Columns);
        Embedding.Backward(ids, x.Value, y, accumulate: false);
        var operation = x.Tape.Record<ScatterRecord>(x);
        operation?.Set(x, ids);
        return x.Tape.Result(operation, y);
    }

    /// <inheritdoc cref="TinyLM.Dropout"/>
    /// <param name="x">Of any shape.</param>
    /// <param name="probability">The share that is dropped.</param>
    /// <param name="random">Of the run's seed and the purpose of this place in the model.</param>
    /// <param name="counter">The first counter: a draw uses one for every four elements.</param>
    public static Variable Dropout(this Variable x, double probability, Philox random, ulong counter)
    {
        Tensor y = x.Tape.Allocate(x.Rows, x.Columns);
        TinyLM.Dropout.Apply(x.Value, probability, random, counter, y, accumulate: false);
        var operation = x.Tape.Record<DropoutRecord>(x);
        operation?.Set(x, probability, random, counter);
        return x.Tape.Result(operation, y);
    }

    /// <inheritdoc cref="TinyLM.SegmentMatMul"/>
    /// <param name="x">[tokens, inputs].</param>
    /// <param name="w">[documents · outputs, inputs]: the documents' matrices, one below the other.</param>
    /// <param name="offsets">The documents.</param>
    /// <returns>[tokens, outputs].</returns>
    public static Variable SegmentMatMul(this Variable x, Variable w, DocumentOffsets offsets)
    {
        ArgumentNullException.ThrowIfNull(offsets);
        Tensor y = x.Tape.Allocate(x.Rows, w.Rows / offsets.DocumentCount);
        TinyLM.SegmentMatMul.Forward(x.Value, w.Value, offsets, y);
        var operation = x.Tape.Record<SegmentMatMulRecord>(x, w);
        operation?.Set(x, w, offsets);
        return x.Tape.Result(operation, y);
    }

    /// <summary>Where a gradient that reaches only a part of an operand is added: zeros first, unless something is there.</summary>
    private static Tensor ZeroedGradient(Variable x)
    {
        GradientSlot slot = x.BeginGradient();
        if (slot.IsWanted && !slot.Accumulate)
        {
            Elementwise.Fill(slot.Tensor, 0);
        }

        return slot.Tensor;
    }

    private static void Add(Tensor gradient, Variable x)
    {
        GradientSlot slot = x.BeginGradient();
        if (slot.Accumulate)
        {
            Elementwise.Accumulate(gradient, slot.Tensor);
        }
        else if (slot.IsWanted)
        {
            Elementwise.Copy(gradient, slot.Tensor);
        }
    }

    private sealed class ReshapeRecord : Operation
    {
        private Variable _x;

        public override string Name => "Reshape";

        public void Set(Variable x) => _x = x;

        public override void Backward(Tensor gradient) => _x.PassGradient(gradient.Reshape(_x.Rows, _x.Columns));
    }

    private sealed class RowRangeRecord : Operation
    {
        private Variable _x;
        private int _start;

        public override string Name => "RowRange";

        public void Set(Variable x, int start) => (_x, _start) = (x, start);

        public override void Backward(Tensor gradient) => Elementwise.Accumulate(gradient, ZeroedGradient(_x).RowRange(_start, gradient.Rows));
    }

    private sealed class ColumnRangeRecord : Operation
    {
        private Variable _x;
        private int _start;

        public override string Name => "ColumnRange";

        public void Set(Variable x, int start) => (_x, _start) = (x, start);

        public override void Backward(Tensor gradient) =>
            TinyLM.ColumnRange.Copy(gradient, 0, ZeroedGradient(_x), _start, gradient.Columns, accumulate: true);
    }

    private sealed class AppendRowsRecord : Operation
    {
        private Variable _a, _b;

        public override string Name => "AppendRows";

        public void Set(Variable a, Variable b) => (_a, _b) = (a, b);

        public override void Backward(Tensor gradient)
        {
            Add(gradient.RowRange(0, _a.Rows), _a);
            Add(gradient.RowRange(_a.Rows, _b.Rows), _b);
        }
    }

    private sealed class AppendColumnsRecord : Operation
    {
        private Variable _a, _b;

        public override string Name => "AppendColumns";

        public void Set(Variable a, Variable b) => (_a, _b) = (a, b);

        public override void Backward(Tensor gradient)
        {
            AddColumns(gradient, 0, _a);
            AddColumns(gradient, _a.Columns, _b);
        }

        private static void AddColumns(Tensor gradient, int start, Variable x)
        {
            GradientSlot slot = x.BeginGradient();
            if (slot.IsWanted)
            {
                TinyLM.ColumnRange.Copy(gradient, start, slot.Tensor, 0, x.Columns, slot.Accumulate);
            }
        }
    }

    private sealed class ScatterRecord : Operation
    {
        private Variable _x;
        private IndexTensor _ids;

        public override string Name => "ScatterRows";

        public void Set(Variable x, IndexTensor ids) => (_x, _ids) = (x, ids);

        public override void Backward(Tensor gradient)
        {
            GradientSlot x = _x.BeginGradient();
            if (!x.Accumulate)
            {
                Embedding.Forward(gradient, _ids, x.Tensor);
                return;
            }

            Tensor gathered = _x.Tape.Allocate(_x.Rows, _x.Columns);
            Embedding.Forward(gradient, _ids, gathered);
            Elementwise.Accumulate(gathered, x.Tensor);
            _x.Tape.Device.Arena.Recycle(gathered);
        }
    }

    private sealed class DropoutRecord : Operation
    {
        private Variable _x;
        private double _probability;
        private Philox _random;
        private ulong _counter;

        public override string Name => "Dropout";

        public void Set(Variable x, double probability, Philox random, ulong counter) =>
            (_x, _probability, _random, _counter) = (x, probability, random, counter);

        public override void Backward(Tensor gradient)
        {
            GradientSlot x = _x.BeginGradient();
            TinyLM.Dropout.Apply(gradient, _probability, _random, _counter, x.Tensor, x.Accumulate);
        }
    }

    private sealed class SegmentMatMulRecord : Operation
    {
        private Variable _x, _w;
        private DocumentOffsets _offsets = null!;

        public override string Name => "SegmentMatMul";

        public override long ForwardFlops => 2L * _x.Rows * Output.Columns * _x.Columns;

        public override long BackwardFlops => ForwardFlops * ((_x.RequiresGradient ? 1 : 0) + (_w.RequiresGradient ? 1 : 0));

        public void Set(Variable x, Variable w, DocumentOffsets offsets) => (_x, _w, _offsets) = (x, w, offsets);

        public override void Backward(Tensor gradient)
        {
            GradientSlot x = _x.BeginGradient(), w = _w.BeginGradient();
            TinyLM.SegmentMatMul.Backward(_x.Value, _w.Value, _offsets, gradient, x.Tensor, x.Accumulate, w.Tensor, w.Accumulate);
        }
    }
}
