using System.Runtime.CompilerServices;
using ILGPU;

namespace TinyLM;

/// <summary>
/// y[t] = table[ids[t]]; backward: dtable[i] = Σ of dy[t] over the t with ids[t] = i, in the order of t.
/// <remarks>torch.nn.functional.embedding</remarks>
/// </summary>
public static unsafe class Embedding
{
    private static readonly GpuKernel ForwardGpu = new(ForwardKernel<float, Float32Element>);
    private static readonly GpuKernel ForwardOfBFloat16Gpu = new(ForwardKernel<ushort, BFloat16Element>);
    private static readonly GpuKernel BackwardGpu = new(BackwardKernel);

    /// <param name="table">[entries, columns].</param>
    /// <param name="ids">[tokens], each in 0 … entries - 1.</param>
    /// <param name="y">[tokens, columns].</param>
    public static void Forward(Tensor table, IndexTensor ids, Tensor y)
    {
        Shapes.Check(nameof(Embedding), nameof(y), y, ids.Length, table.Columns);
        Shapes.CheckRange(nameof(Embedding), "id", ids, table.Rows);
        switch (table.Device)
        {
            case CpuDevice cpu:
                cpu.For(ids.Length, new ForwardBody<float>(table.Pointer, ids, y), smallestShare: 32);
                break;
            case GpuDevice gpu:
                gpu.Launch(ForwardGpu, GpuReduction.GroupsForRows(y.Rows), GpuReduction.RowsPerGroup * GpuReduction.WarpSize)
                    .With(table).With(ids).With(y).With(y.Rows).With(y.Columns).Run();
                break;
        }
    }

    /// <summary>As <see cref="Forward(Tensor, IndexTensor, Tensor)"/>, from a table in bfloat16.</summary>
    public static void Forward(BFloat16Tensor table, IndexTensor ids, Tensor y)
    {
        Shapes.Check(nameof(Embedding), nameof(y), y, ids.Length, table.Columns);
        Shapes.CheckRange(nameof(Embedding), "id", ids, table.Rows);
        switch (table.Device)
        {
            case CpuDevice cpu:
                cpu.For(ids.Length, new ForwardBody<ushort>(table.Pointer, ids, y), smallestShare: 32);
                break;
            case GpuDevice gpu:
                gpu.Launch(ForwardOfBFloat16Gpu, GpuReduction.GroupsForRows(y.Rows), GpuReduction.RowsPerGroup * GpuReduction.WarpSize)
                    .With(table).With(ids).With(y).With(y.Rows).With(y.Columns).Run();
                break;
        }
    }

    /// <summary>dtable [entries, columns] is written, rows without a token as zeros, or added to.</summary>
    public static void Backward(IndexTensor ids, Tensor dy, Tensor dtable, bool accumulate)
    {
        Shapes.Check(nameof(Embedding), nameof(dy), dy, ids.Length, dtable.Columns);
        Shapes.CheckRange(nameof(Embedding), "id", ids, dtable.Rows);
        if (!accumulate)
        {
            Elementwise.Fill(dtable, 0);
        }

        switch (dtable.Device)
        {
            case CpuDevice cpu:
                cpu.For((dtable.Columns + VectorLane.Width - 1) / VectorLane.Width, new BackwardBody(ids, dy, dtable), smallestShare: 2);
                break;
            case GpuDevice gpu when ids.Length > 0:
                Tensor order = TokenOrder.Of(gpu, ids);
                int strips = (dy.Columns + GpuReduction.WarpSize - 1) / GpuReduction.WarpSize;
                gpu.Launch(BackwardGpu, GpuReduction.GroupsForRows(dy.Rows), GpuReduction.RowsPerGroup * GpuReduction.WarpSize, gridY: strips)
                    .WithView<long>(order.Address, ids.Length).With(dy).With(dtable).With(dy.Rows).With(dy.Columns).Run();
                gpu.Arena.Recycle(order);
                break;
        }
    }

    private readonly struct ForwardBody<T>(T* table, IndexTensor ids, Tensor y) : CpuDevice.IRangeBody
        where T : unmanaged
    {
        private readonly T* _table = table;
        private readonly float* _y = y.Pointer;
        private readonly int* _ids = ids.Pointer;
        private readonly int _columns = y.Columns;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            for (long token = start; token < end; token++)
            {
                Elements.Copy(_table + (long)_ids[token] * _columns, _y + token * _columns, _columns);
            }
        }
    }

    /// <summary>A worker owns strips of sixteen columns: no two write the same place, and the tokens come in order.</summary>
    private readonly struct BackwardBody(IndexTensor ids, Tensor dy, Tensor dtable) : CpuDevice.IRangeBody
    {
        private readonly float* _dy = dy.Pointer, _dtable = dtable.Pointer;
        private readonly int* _ids = ids.Pointer;
        private readonly int _tokens = dy.Rows, _columns = dy.Columns;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public void Run(long start, long end)
        {
            int firstColumn = (int)start * VectorLane.Width, lastColumn = Math.Min(_columns, (int)end * VectorLane.Width);
            for (int token = 0; token < _tokens; token++)
            {
                float* source = _dy + (long)token * _columns, target = _dtable + (long)_ids[token] * _columns;
                for (int column = firstColumn; column < lastColumn; column += VectorLane.Width)
                {
                    (VectorLane.Load(target + column) + VectorLane.Load(source + column)).StoreFirst(target + column, lastColumn - column);
                }
            }
        }
    }

    /// <summary>A warp a token.</summary>
    private static void ForwardKernel<T, TElement>(ArrayView<T> table, ArrayView<int> ids, ArrayView<float> y, int tokens, int columns)
        where T : unmanaged
        where TElement : unmanaged, IElement<T>
    {
        int token = GpuReduction.Row();
        if (token >= tokens)
        {
            return;
        }

        for (int column = GpuReduction.Lane(); column < columns; column += GpuReduction.WarpSize)
        {
            y[(long)token * columns + column] = default(TElement).Widen(table[(long)ids[token] * columns + column]);
        }
    }

    /// <summary>
    /// A warp for a place of the order and a strip of columns: the first place of an id adds up all its tokens. Four at a time, one after the other
    /// but loaded together: a frequent id would otherwise wait for memory at each of its tokens.
    /// </summary>
    private static void BackwardKernel(ArrayView<long> order, ArrayView<float> dy, ArrayView<float> dtable, int tokens, int columns)
    {
        int place = GpuReduction.Row(), column = Grid.IdxY * GpuReduction.WarpSize + GpuReduction.Lane();
        if (place >= tokens || column >= columns)
        {
            return;
        }

        int id = TokenOrder.Id(order[place]);
        if (place > 0 && TokenOrder.Id(order[place - 1]) == id)
        {
            return;
        }

        long target = (long)id * columns + column;
        float sum = dtable[target];
        for (; place + 3 < tokens && TokenOrder.Id(order[place + 3]) == id; place += 4)
        {
            float first = dy[(long)TokenOrder.Token(order[place]) * columns + column];
            float second = dy[(long)TokenOrder.Token(order[place + 1]) * columns + column];
            float third = dy[(long)TokenOrder.Token(order[place + 2]) * columns + column];
            float fourth = dy[(long)TokenOrder.Token(order[place + 3]) * columns + column];
            sum = sum + first + second + third + fourth;
        }

        for (; place < tokens && TokenOrder.Id(order[place]) == id; place++)
        {
            sum += dy[(long)TokenOrder.Token(order[place]) * columns + column];
        }

        dtable[target] = sum;
    }
}
