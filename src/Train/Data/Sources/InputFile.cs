using System.IO.Compression;
using ZstdSharp;

namespace TinyLM;

/// <summary>A file that is read front to back; what gzip or zstd has packed is unpacked on the way, whatever the file is called.</summary>
internal sealed class InputFile : IDisposable
{
    private readonly FileStream _file;

    static InputFile() => UnpackStrictly();

    private InputFile(string path, string name, FileStream file)
    {
        (Path, Name, _file) = (path, name, file);
    }

    public string Path { get; }

    /// <summary>
    /// Else .NET takes a gzip file that is cut short for a whole one. It looks once, when the process first unpacks anything: call it before. The programs of this
    /// repository are configured so from their start.
    /// </summary>
    public static void UnpackStrictly() => AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);

    /// <summary>What messages about its documents call it.</summary>
    public string Name { get; }

    /// <summary>How many of the file's bytes are read.</summary>
    public long Position => _file.Position;

    /// <summary>The file as it is; can seek.</summary>
    public Stream Raw => _file;

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="UserException">It is missing, a pipe or unreadable.</exception>
    public static InputFile Open(string path, string name)
    {
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16, FileOptions.SequentialScan);
            return file.CanSeek
                ? new InputFile(path, name, file)
                : throw new UserException($"{path}: is a pipe, which can be read only once; expected a file.");
        }
        catch (Exception fault) when (FileFault.Is(fault) || fault is NotSupportedException or ArgumentException)
        {
            throw FileFault.Reading(path, fault);
        }
    }

    /// <summary>The file's content, unpacked.</summary>
    public Stream Content()
    {
        Span<byte> magic = stackalloc byte[4];
        int length = _file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
        _file.Position = 0;
        return magic[..length] switch
        {
            [0x1F, 0x8B, ..] => new UnpackedStream(new GZipStream(_file, CompressionMode.Decompress), Path, _file.Length),
            [0x28, 0xB5, 0x2F, 0xFD] or [>= 0x50 and <= 0x5F, 0x2A, 0x4D, 0x18] =>
                new UnpackedStream(new DecompressionStream(_file, checkEndOfStream: true), Path, _file.Length),
            _ => _file,
        };
    }

    public void Dispose() => _file.Dispose();
}
