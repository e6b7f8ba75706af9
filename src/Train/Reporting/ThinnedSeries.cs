namespace TinyLM;

/// <summary>
/// A series of any length in bounded memory: once it is full, neighbours are merged two by two, and from then on twice as many new items make one of
/// its own.
/// </summary>
/// <param name="capacity">The most items that are kept, even.</param>
/// <param name="merge">What an item and the one after it become.</param>
internal sealed class ThinnedSeries<T>(int capacity, Func<T, T, T> merge)
{
    private readonly List<T> _items = [];
    private T? _pending;
    private int _pendingCount;
    private int _perItem = 1;

    /// <summary>In order; the last one may not be complete.</summary>
    public IReadOnlyList<T> Items => _pendingCount > 0 ? [.. _items, _pending!] : _items;

    public void Add(T item)
    {
        _pending = _pendingCount == 0 ? item : merge(_pending!, item);
        if (++_pendingCount < _perItem)
        {
            return;
        }

        _items.Add(_pending);
        _pendingCount = 0;
        if (_items.Count == capacity)
        {
            for (int i = 0; i < capacity / 2; i++)
            {
                _items[i] = merge(_items[2 * i], _items[2 * i + 1]);
            }

            _items.RemoveRange(capacity / 2, capacity - capacity / 2);
            _perItem *= 2;
        }
    }
}
