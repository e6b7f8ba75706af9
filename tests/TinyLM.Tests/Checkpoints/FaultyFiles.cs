namespace TinyLM.Tests.Checkpoints;

/// <summary>A disk on which one operation (create, write, flush, rename, delete, …) fails, or at which the process is killed.</summary>
internal sealed class FaultyFiles : FileOperations
{
    /// <summary>The number of the operation that fails, from 1; 0 for none.</summary>
    public int FailAt { get; init; }

    /// <summary>True if nothing works any more from <see cref="FailAt"/> on: the process is dead, also for its own cleaning up.</summary>
    public bool IsKill { get; init; }

    public Func<Exception> Fault { get; init; } = () => new IOException("injected");

    /// <summary>How many operations there were.</summary>
    public int Count { get; private set; }

    public override Stream Create(string path)
    {
        Step();
        return new FaultyStream(this, base.Create(path));
    }

    public override Stream Append(string path)
    {
        Step();
        return new FaultyStream(this, base.Append(path));
    }

    public override void Flush(Stream stream)
    {
        Step();
        base.Flush(((FaultyStream)stream).Inner);
    }

    public override void Rename(string source, string destination)
    {
        Step();
        base.Rename(source, destination);
    }

    public override void Delete(string path)
    {
        Step();
        base.Delete(path);
    }

    public override void CreateFolder(string path)
    {
        Step();
        base.CreateFolder(path);
    }

    public override void DeleteFolder(string path)
    {
        Step();
        base.DeleteFolder(path);
    }

    private void Step()
    {
        Count++;
        if (FailAt > 0 && (Count == FailAt || (IsKill && Count > FailAt)))
        {
            throw Fault();
        }
    }

    /// <summary>Writes through, so that half of a failing write is on the disk.</summary>
    private sealed class FaultyStream(FaultyFiles files, Stream inner) : Stream
    {
        public Stream Inner => inner;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => throw new NotSupportedException();
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            inner.Write(buffer, offset, count / 2);
            inner.Flush();
            files.Step();
            inner.Write(buffer, offset + count / 2, count - count / 2);
            inner.Flush();
        }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
