namespace TinyLM;

public static unsafe partial class Attention
{
    /// <summary>Documents up to this long are dealt several at a time: one alone takes less time than asking for the next.</summary>
    private const int ShortDocument = 32;
    private const int ShortUnits = 8;

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;

    /// <summary>A distance of rows that spreads them over the first-level cache: an odd number of cache lines.</summary>
    private static int RowDistance(int columns) => RoundUp(columns, 32) + 16;

    private static void ForwardOnCpu(CpuDevice device, in Operands operands, AttentionShape shape, Tensor y, Tensor logSumExp)
    {
        var deal = new Deal(device, operands.Offsets, shape.QueryHeads);
        deal.Run(new ForwardJob(device, deal, operands, shape, y, logSumExp));
    }

    private static void BackwardOnCpu(
        CpuDevice device, in Operands operands, AttentionShape shape, Tensor y, Tensor logSumExp, Tensor dy, Tensor dq, Tensor dkv)
    {
        var deal = new Deal(device, operands.Offsets, shape.KeyValueHeads);
        deal.Run(new BackwardJob(device, deal, operands, shape, y, logSumExp, dy, dq, dkv));
    }

    /// <summary>
    /// Deals units of a document and a head to the workers, longest first, by a shared counter. Units write disjoint memory, so it
    /// does not show who had which.
    /// </summary>
    private readonly struct Deal
    {
        private readonly CpuDevice _device;
        private readonly DocumentOffsets _offsets;
        private readonly int[] _documents;
        private readonly int _heads;
        private readonly int _longUnits;
        private readonly int* _next;

        public Deal(CpuDevice device, DocumentOffsets offsets, int heads)
        {
            (_device, _offsets, _documents, _heads) = (device, offsets, offsets.LongestFirst, heads);
            _longUnits = heads * FirstShort(offsets);
            _next = (int*)device.SharedScratch(1);
            *_next = 0;
        }

        public void Run<TJob>(TJob job)
            where TJob : struct, IWorkerJob
        {
            if (_longUnits == 0 && _offsets.DocumentCount * _heads <= ShortUnits)
            {
                job.Run(0);
            }
            else
            {
                _device.Team.Run(job);
            }
        }

        /// <summary>The next units, from <paramref name="first"/> to <paramref name="last"/> - 1; false when all are dealt.</summary>
        public bool Next(out int first, out int last)
        {
            int units = _offsets.DocumentCount * _heads;
            int turn = Interlocked.Increment(ref *_next) - 1;
            int shortTurn = turn - _longUnits;
            first = shortTurn < 0 ? turn : _longUnits + (shortTurn * ShortUnits);
            last = shortTurn < 0 ? turn + 1 : Math.Min(units, first + ShortUnits);
            return first < units;
        }

        public void Unit(int unit, out int document, out int head) => (document, head) = (_documents[unit / _heads], unit % _heads);

        public int LongestDocument => _offsets.LongestDocument;

        private static int FirstShort(DocumentOffsets offsets)
        {
            int low = 0;
            int high = offsets.DocumentCount;
            while (low < high)
            {
                int middle = (low + high) / 2;
                (low, high) = offsets.LengthOf(offsets.LongestFirst[middle]) > ShortDocument ? (middle + 1, high) : (low, middle);
            }

            return low;
        }
    }
}
