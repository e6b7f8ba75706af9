namespace TinyLM;

/// <summary>What a packed file unpacks to, read front to back; refused where it grows as no text does.</summary>
/// <param name="inner">Unpacks.</param>
/// <param name="path">The file, for messages.</param>
/// <param name="packedLength">The file's length in bytes.</param>
internal sealed class UnpackedStream(Stream inner, string path, long packedLength) : Stream
{
    /// <summary>Text is packed to a third or a tenth; the smallest that deflate can do is a thousandth.</summary>
    public const int LargestRatio = 250;

    /// <summary>So many bytes are unpacked of any file.</summary>
    private const long AlwaysAllowed = 1 << 24;

    private long _length;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _length;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        int read = inner.Read(buffer);
        _length += read;
        return _length <= AlwaysAllowed || _length / LargestRatio <= packedLength
            ? read
            : throw new UserException($"{path}: its {packedLength} bytes unpack to more than {LargestRatio} times as many; that is no text.");
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
