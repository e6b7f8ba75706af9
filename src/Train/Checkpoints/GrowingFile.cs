namespace TinyLM;

/// <summary>A file that a run adds to while it goes; what was flushed outlives a kill and a power failure.</summary>
internal sealed class GrowingFile : IDisposable
{
    private readonly string _path;
    private readonly FileOperations _operations;
    private readonly Stream _stream;

    /// <param name="path">The file; what it holds stays, and what is added comes behind.</param>
    /// <param name="operations">The disk.</param>
    /// <exception cref="UserException">It cannot be written.</exception>
    public GrowingFile(string path, FileOperations operations)
    {
        (_path, _operations) = (path, operations);
        try
        {
            _stream = operations.Append(path);
        }
        catch (Exception fault) when (FileFault.Is(fault))
        {
            throw FileFault.Writing(path, fault);
        }
    }

    /// <exception cref="UserException">The disk is full, say.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _stream.Write(bytes);
        }
        catch (IOException fault)
        {
            throw FileFault.Writing(_path, fault);
        }
    }

    /// <summary>Hands what was written to the disk.</summary>
    /// <exception cref="UserException">The disk is full, say.</exception>
    public void Flush()
    {
        try
        {
            _operations.Flush(_stream);
        }
        catch (IOException fault)
        {
            throw FileFault.Writing(_path, fault);
        }
    }

    public void Dispose()
    {
        try
        {
            _stream.Dispose();
        }
        catch (IOException)
        {
            // What was never flushed is lost; a full disk has been told of by Write or Flush.
        }
    }
}
