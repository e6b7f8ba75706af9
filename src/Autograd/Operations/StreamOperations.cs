namespace TinyLM;

/// <summary>Differentiable ops over a stream of documents: embedding, rotary positions, attention.</summary>
public static class StreamOperations
{
    /// <inheritdoc cref="TinyLM.Embedding"/>
    /// <param name="table">[entries, columns].</param>
    /// <param name="ids">[tokens].</param>
    public static Variable Embedding(this Variable table, IndexTensor ids)
    {
        Tensor y = table.Tape.Allocate(ids.Length, table.Columns);
        TinyLM.Embedding.Forward(table.Value, ids, y);
        var operation = table.Tape.Record<EmbeddingRecord>(table);
        operation?.Set(table, ids);
        return table.Tape.Result(operation, y);
    }

    /// <summary>
    /// As <see cref="Embedding(Variable, IndexTensor)"/> from the table rounded to bfloat16; the gradient is float32 and goes to the master.
    /// </summary>
    /// <param name="master">[entries, columns], the table in float32. Only its gradient is used.</param>
    /// <param name="table">[entries, columns]: the master, rounded, as <see cref="BFloat16Weights"/> keeps it.</param>
    /// <param name="ids">[tokens].</param>
    public static Variable Embedding(this Variable master, BFloat16Tensor table, IndexTensor ids)
    {
        Shapes.Check(nameof(Embedding), nameof(master), master.Value, table.Rows, table.Columns);
        Tensor y = master.Tape.Allocate(ids.Length, table.Columns);
        TinyLM.Embedding.Forward(table, ids, y);
        var operation = master.Tape.Record<EmbeddingRecord>(master);
        operation?.Set(master, ids);
        return master.Tape.Result(operation, y);
    }

    /// <inheritdoc cref="TinyLM.Rotary"/>
    /// <param name="x">[tokens, columns]; the first heads of each row turn, the other columns stay.</param>
    /// <param name="positions">[tokens]: position of each token in its document.</param>
    /// <param name="table">Of <see cref="TinyLM.Rotary.CreateTable"/>.</param>
    /// <param name="headCount">Heads that turn: those of queries and keys.</param>
    /// <param name="headSize">Columns of a head; 0: as many as the table has.</param>
    /// <param name="inPlace">Whether the result takes the memory of x, whose value is then gone: only for the result of an op that nobody else reads.</param>
    public static Variable Rotary(this Variable x, IndexTensor positions, Tensor table, int headCount, int headSize = 0, bool inPlace = false)
    {
        Tensor y = inPlace ? x.Tape.TakeValue(x.Index) : x.Tape.Allocate(x.Rows, x.Columns);
        TinyLM.Rotary.Apply(inPlace ? y : x.Value, positions, table, headCount, inverse: false, y, headSize);
        var operation = x.Tape.Record<RotaryRecord>(x);
        operation?.Set(x, positions, table, headCount, headSize);
        return x.Tape.Result(operation, y);
    }

    /// <inheritdoc cref="TinyLM.Attention.Forward"/>
    public static Variable Attention(this Variable qkv, DocumentOffsets offsets, AttentionShape shape)
    {
        Tensor y = qkv.Tape.Allocate(qkv.Rows, shape.QueryWidth), logSumExp = qkv.Tape.Allocate(qkv.Rows, shape.QueryHeads);
        TinyLM.Attention.Forward(qkv.Value, offsets, shape, y, logSumExp);
        var operation = qkv.Tape.Record<AttentionRecord>(qkv);
        operation?.Set(qkv, offsets, shape, logSumExp);
        return qkv.Tape.Result(operation, y);
    }

    /// <inheritdoc cref="TinyLM.Attention.ForwardTail"/>
    public static Variable AttentionTail(this Variable q, DocumentOffsets queryOffsets, Variable kv, DocumentOffsets offsets, AttentionShape shape)
    {
        Tensor y = q.Tape.Allocate(q.Rows, shape.QueryWidth), logSumExp = q.Tape.Allocate(q.Rows, shape.QueryHeads);
        TinyLM.Attention.ForwardTail(q.Value, queryOffsets, kv.Value, offsets, shape, y, logSumExp);
        var operation = q.Tape.Record<AttentionTailRecord>(q, kv);
        operation?.Set(q, queryOffsets, kv, offsets, shape, logSumExp);
        return q.Tape.Result(operation, y);
    }

    /// <summary>Where a kernel that only writes puts a gradient.</summary>
    private static Tensor Target(Variable operand, GradientSlot slot) =>
        slot.Accumulate ? operand.Tape.Allocate(operand.Rows, operand.Columns) : slot.Tensor;

    /// <summary>Adds what was written to <see cref="Target"/> where there was a gradient before.</summary>
    private static void AddTarget(Tensor target, GradientSlot slot)
    {
        if (slot.Accumulate)
        {
            Elementwise.Accumulate(target, slot.Tensor);
        }
    }

    private sealed class EmbeddingRecord : Operation
    {
        private Variable _table;
        private IndexTensor _ids;

        public override string Name => "Embedding";

        public void Set(Variable table, IndexTensor ids) => (_table, _ids) = (table, ids);

        public override void Backward(Tensor gradient)
        {
            GradientSlot table = _table.BeginGradient();
            TinyLM.Embedding.Backward(_ids, gradient, table.Tensor, table.Accumulate);
        }
    }

    private sealed class RotaryRecord : Operation
    {
        private Variable _x;
        private IndexTensor _positions;
        private Tensor _table;
        private int _headCount, _headSize;

        public override string Name => "Rotary";

        public override bool OverwritesGradient => true;

        public void Set(Variable x, IndexTensor positions, Tensor table, int headCount, int headSize) =>
            (_x, _positions, _table, _headCount, _headSize) = (x, positions, table, headCount, headSize);

        /// <summary>A turn is undone in place, and the gradient passed on.</summary>
        public override void Backward(Tensor gradient)
        {
            TinyLM.Rotary.Apply(gradient, _positions, _table, _headCount, inverse: true, gradient, _headSize);
            _x.PassGradient(gradient);
        }
    }

    private sealed class AttentionRecord : Operation
    {
        private Variable _qkv;
        private DocumentOffsets _offsets = null!;
        private AttentionShape _shape;
        private Tensor _logSumExp;

        public override string Name => "Attention";

        public override long ForwardFlops => _shape.ForwardFlops(_offsets, _offsets);

        public override long BackwardFlops => ForwardFlops * 5 / 2;

        public void Set(Variable qkv, DocumentOffsets offsets, AttentionShape shape, Tensor logSumExp) =>
            (_qkv, _offsets, _shape, _logSumExp) = (qkv, offsets, shape, logSumExp);

        public override void Backward(Tensor gradient)
        {
            GradientSlot qkv = _qkv.BeginGradient();
            Tensor target = Target(_qkv, qkv);
            TinyLM.Attention.Backward(_qkv.Value, _offsets, _shape, Output.Value, _logSumExp, gradient, target);
            AddTarget(target, qkv);
        }
    }

    private sealed class AttentionTailRecord : Operation
    {
        private Variable _q, _kv;
        private DocumentOffsets _queryOffsets = null!, _offsets = null!;
        private AttentionShape _shape;
        private Tensor _logSumExp;

        public override string Name => "AttentionTail";

        public override long ForwardFlops => _shape.ForwardFlops(_queryOffsets, _offsets);

        public override long BackwardFlops => ForwardFlops * 5 / 2;

        public void Set(
            Variable q, DocumentOffsets queryOffsets, Variable kv, DocumentOffsets offsets, AttentionShape shape, Tensor logSumExp) =>
            (_q, _queryOffsets, _kv, _offsets, _shape, _logSumExp) = (q, queryOffsets, kv, offsets, shape, logSumExp);

        public override void Backward(Tensor gradient)
        {
            GradientSlot q = _q.BeginGradientOrScratch(), kv = _kv.BeginGradientOrScratch();
            Tensor dq = Target(_q, q), dkv = Target(_kv, kv);
            TinyLM.Attention.BackwardTail(
                _q.Value, _queryOffsets, _kv.Value, _offsets, _shape, Output.Value, _logSumExp, gradient, dq, dkv);
            AddTarget(dq, q);
            AddTarget(dkv, kv);
        }
    }
}
