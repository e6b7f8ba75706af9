namespace TinyLM;

/// <summary>
/// A stream that ends with an exception instead of silence, and of which not more is read than has been looked at: for a library that believes what damaged files
/// claim.
/// </summary>
internal sealed class StrictStream(Stream inner) : Stream
{
    /// <summary>Nothing may be read from here on.</summary>
    public long End { get; set; } = long.MaxValue;

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
        return (read > 0 || buffer.Length == 0) && Position <= End ? read : throw new EndOfStreamException("it refers to what lies past its end.");
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
