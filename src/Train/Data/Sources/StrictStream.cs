namespace TinyLM;

/// <summary>
/// A stream that ends with an exception instead of silence, and of which not more is read than there is reason to: for a library that would otherwise read
/// damaged files for ever.
/// </summary>
internal sealed class StrictStream(Stream inner) : Stream
{
    /// <summary>How many bytes may still be read.</summary>
    public long Allowed { get; set; } = long.MaxValue;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => inner.Length;

    public override long Position
    {
        get => inner.Position;
        set => inner.Position = value;
    }

    public override int Read(Span<byte> buffer)
    {
        int read = inner.Read(buffer);
        Allowed -= read;
        return (read > 0 || buffer.Length == 0) && Allowed >= 0 ? read : throw new EndOfStreamException("it refers to what lies past its end.");
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int ReadByte()
    {
        Span<byte> single = stackalloc byte[1];
        return Read(single) > 0 ? single[0] : throw new EndOfStreamException();
    }

    public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
