namespace TinyLM;

/// <summary>Along which direction a matrix is reduced.</summary>
public enum Axis
{
    /// <summary>Each row to one value: [rows, 1].</summary>
    Row,

    /// <summary>Each column to one value: [1, columns].</summary>
    Column,

    /// <summary>Everything to one value: [1, 1].</summary>
    All,
}

/// <summary>Differentiable reductions, and softmax.</summary>
public static class ReductionOperations
{
    /// <summary>The sum, mean, largest or log-sum-exp of each row, of each column or of all.</summary>
    /// <param name="x">[rows, columns].</param>
    /// <param name="kind">What is made of the values.</param>
    /// <param name="axis">[rows, 1], [1, columns] or [1, 1].</param>
    public static Variable Reduce(this Variable x, ReductionKind kind, Axis axis) => axis switch
    {
        Axis.Row => x.ReduceRows(kind),
        Axis.Column => x.ReduceByDocument(kind, DocumentOffsets.OneDocument(x.Rows)),
        _ when kind == ReductionKind.Sum => x.Sum(),
        _ when kind == ReductionKind.Mean => x.Sum(1f / x.Value.Length),
        _ => x.ReduceRows(kind).Reshape(1, x.Rows).ReduceRows(kind),
    };

    /// <summary>The sum, mean, largest or log-sum-exp of each column within each document: [documents, columns].</summary>
    /// <param name="x">[tokens, columns].</param>
    /// <param name="kind">What is made of the values.</param>
    /// <param name="offsets">The documents.</param>
    public static Variable ReduceByDocument(this Variable x, ReductionKind kind, DocumentOffsets offsets)
    {
        ArgumentNullException.ThrowIfNull(offsets);
        Tensor y = x.Tape.Allocate(offsets.DocumentCount, x.Columns);
        TinyLM.Reduce.Documents(kind, x.Value, offsets, y);
        var operation = x.Tape.Record<DocumentRecord>(x);
        operation?.Set(x, kind, offsets);
        return x.Tape.Result(operation, y);
    }

    /// <summary>The softmax of each row. <remarks>torch.softmax(dim=1)</remarks></summary>
    public static Variable Softmax(this Variable x) => x.Softmax(logarithm: false);

    /// <summary>The logarithm of each row's softmax. <remarks>torch.log_softmax(dim=1)</remarks></summary>
    public static Variable LogSoftmax(this Variable x) => x.Softmax(logarithm: true);

    private static Variable Softmax(this Variable x, bool logarithm)
    {
        Tensor y = x.Tape.Allocate(x.Rows, x.Columns);
        TinyLM.Softmax.Forward(x.Value, logarithm, y);
        var operation = x.Tape.Record<SoftmaxRecord>(x);
        operation?.Set(x, logarithm);
        return x.Tape.Result(operation, y);
    }

    private static Variable ReduceRows(this Variable x, ReductionKind kind)
    {
        Tensor y = x.Tape.Allocate(x.Rows, 1);
        TinyLM.Reduce.Rows(kind, x.Value, y);
        var operation = x.Tape.Record<RowRecord>(x);
        operation?.Set(x, kind);
        return x.Tape.Result(operation, y);
    }

    private sealed class RowRecord : Operation
    {
        private Variable _x;
        private ReductionKind _kind;

        public override string Name => "Reduce";

        public void Set(Variable x, ReductionKind kind) => (_x, _kind) = (x, kind);

        public override void Backward(Tensor gradient)
        {
            GradientSlot x = _x.BeginGradient();
            TinyLM.Reduce.RowsBackward(_kind, _x.Value, Output.Value, gradient, x.Tensor, x.Accumulate);
        }
    }

    private sealed class DocumentRecord : Operation
    {
        private Variable _x;
        private ReductionKind _kind;
        private DocumentOffsets _offsets = null!;

        public override string Name => "ReduceByDocument";

        public void Set(Variable x, ReductionKind kind, DocumentOffsets offsets) => (_x, _kind, _offsets) = (x, kind, offsets);

        public override void Backward(Tensor gradient)
        {
            GradientSlot x = _x.BeginGradient();
            TinyLM.Reduce.DocumentsBackward(_kind, _x.Value, _offsets, Output.Value, gradient, x.Tensor, x.Accumulate);
        }
    }

    private sealed class SoftmaxRecord : Operation
    {
        private Variable _x;
        private bool _logarithm;

        public override string Name => "Softmax";

        public void Set(Variable x, bool logarithm) => (_x, _logarithm) = (x, logarithm);

        public override void Backward(Tensor gradient)
        {
            GradientSlot x = _x.BeginGradient();
            TinyLM.Softmax.Backward(Output.Value, _logarithm, gradient, x.Tensor, x.Accumulate);
        }
    }
}
