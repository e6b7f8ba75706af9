using System.IO.MemoryMappedFiles;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace TinyLM;

/// <summary>
/// Token ids of a <see cref="TokenStore"/>, mapped into memory. Pages that have been read count as the process's memory until they are unmapped, so after some
/// hundred megabytes the file is mapped anew: they stay in the system's cache, but are not held by the process.
/// </summary>
internal sealed unsafe class MappedTokenIds : TokenIds
{
    private const long MostTouchedBytes = 1 << 28;

    /// <summary>The system maps the neighbours of a page that it has to fetch.</summary>
    private const int TouchedAround = 1 << 16;

    private readonly Lock _lock = new();
    private readonly MemoryMappedFile _file;
    private readonly string _path;
    private readonly long _offset;
    private readonly int _idSize, _vocabularySize;
    private MemoryMappedViewAccessor? _view;
    private byte* _ids;
    private long _touched;

    /// <param name="file">The file; it must not change while it is mapped.</param>
    /// <param name="path">Its name, for messages.</param>
    /// <param name="offset">Where in the file the ids begin, in bytes.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="idSize">Bytes an id: 2 or 4.</param>
    /// <param name="vocabularySize">Ids are less.</param>
    public MappedTokenIds(FileStream file, string path, long offset, long count, int idSize, int vocabularySize)
    {
        (_path, _offset, Count, _idSize, _vocabularySize) = (path, offset, count, idSize, vocabularySize);
        _file = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        Map();
    }

    public override long Count { get; }

    public override void CopyTo(long start, Span<int> ids)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Count - ids.Length);
        lock (_lock)
        {
            _touched += (long)ids.Length * _idSize + TouchedAround;
            if (_touched > MostTouchedBytes)
            {
                Unmap();
                Map();
            }

            byte* source = _ids + start * _idSize;
            if (_idSize == sizeof(ushort))
            {
                TensorPrimitives.ConvertTruncating(new ReadOnlySpan<ushort>(source, ids.Length), ids);
            }
            else
            {
                new ReadOnlySpan<int>(source, ids.Length).CopyTo(ids);
            }
        }

        if (ids.Length > 0 && TensorPrimitives.Max(MemoryMarshal.Cast<int, uint>(ids)) >= (uint)_vocabularySize)
        {
            throw new UserException($"{_path}: has an id of {TensorPrimitives.Max(MemoryMarshal.Cast<int, uint>(ids))} where the vocabulary has {_vocabularySize}; the file is damaged, delete it.");
        }
    }

    private void Map()
    {
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _ids = start + _view.PointerOffset + _offset;
        _touched = 0;
    }

    private void Unmap()
    {
        _view!.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
    }
}
