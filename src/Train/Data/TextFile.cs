using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace TinyLM;

/// <summary>Reads text strictly: valid UTF-8 without NUL bytes, or one line that says what is wrong and where.</summary>
public static class TextFile
{
    /// <summary>The largest file that is read as one text, in bytes (1 GiB minus 64 KiB: a string holds no more).</summary>
    public const long LargestFile = (1L << 30) - (1L << 16);

    /// <summary>The longest line that is taken for one document, in UTF-8 bytes (16 MiB).</summary>
    public const int LongestLine = 1 << 24;

    /// <summary>The file's text; a byte order mark at its start is dropped.</summary>
    /// <exception cref="UserException">The file is missing, a folder, unreadable, too large, empty, binary or not UTF-8.</exception>
    public static string Read(string path, bool mayBeEmpty = false)
    {
        byte[] bytes = ReadBytes(path, mayBeEmpty);
        return Encoding.UTF8.GetString(Check(path, bytes));
    }

    /// <summary>The file's lines that are not blank, each named by its number, without their line ends.</summary>
    /// <exception cref="UserException">As <see cref="Read"/>; or a line is longer than <see cref="LongestLine"/>; or all are
    /// blank.</exception>
    public static IReadOnlyList<Document> ReadLines(string path)
    {
        byte[] bytes = ReadBytes(path, mayBeEmpty: false);
        ReadOnlySpan<byte> rest = Check(path, bytes);
        var lines = new List<Document>();
        string name = Path.GetFileName(path);
        for (int number = 1; rest.Length > 0; number++)
        {
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = (end < 0 ? rest : rest[..end]).TrimEnd((byte)'\r');
            rest = end < 0 ? [] : rest[(end + 1)..];
            if (line.Length > LongestLine)
            {
                throw new UserException(
                    $"{path}: line {number} has {line.Length} bytes, at most {LongestLine} make a document; open the file as one "
                    + "running text instead.");
            }

            string text = Encoding.UTF8.GetString(line);
            if (!string.IsNullOrWhiteSpace(text))
            {
                lines.Add(new Document($"{name}:{number}", text));
            }
        }

        return lines.Count > 0 ? lines : throw new UserException($"{path}: all lines are blank; expected one document a line.");
    }

    private static byte[] ReadBytes(string path, bool mayBeEmpty)
    {
        if (Directory.Exists(path))
        {
            throw new UserException($"{path}: is a folder, expected a text file; a folder of files is opened as a folder.");
        }

        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            if (file.CanSeek && file.Length > LargestFile)
            {
                throw new UserException($"{path}: has {file.Length} bytes, at most {LargestFile} are read as one text; split it into a "
                    + "folder of files.");
            }

            byte[] bytes = file.CanSeek ? ReadKnown(file) : ReadPipe(path, file);
            return bytes.Length > 0 || mayBeEmpty ? bytes : throw new UserException($"{path}: the file is empty; expected UTF-8 text.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw FileFault.Reading(path, fault);
        }
    }

    private static byte[] ReadKnown(FileStream file)
    {
        var bytes = new byte[file.Length];
        int read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return read == bytes.Length ? bytes : bytes[..read];
    }

    private static byte[] ReadPipe(string path, FileStream pipe)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (int read; (read = pipe.Read(buffer)) > 0;)
        {
            bytes.Write(buffer, 0, read);
            if (bytes.Length > LargestFile)
            {
                throw new UserException($"{path}: has more than the {LargestFile} bytes that are read as one text.");
            }
        }

        return bytes.ToArray();
    }

    private static ReadOnlySpan<byte> Check(string path, byte[] bytes)
    {
        int zero = Array.IndexOf(bytes, (byte)0);
        if (zero >= 0)
        {
            throw new UserException($"{path}: a NUL byte at offset {zero}, so the file is binary; expected UTF-8 text.");
        }

        if (!Utf8.IsValid(bytes))
        {
            int offset = OffsetOfInvalid(bytes);
            throw new UserException(
                $"{path}: byte 0x{bytes[offset]:X2} at offset {offset} is not UTF-8; the file is binary or in another encoding, "
                + "convert it to UTF-8.");
        }

        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        return bytes.AsSpan().StartsWith(mark) ? bytes.AsSpan(mark.Length) : bytes;
    }

    private static int OffsetOfInvalid(ReadOnlySpan<byte> bytes)
    {
        var characters = new char[4096];
        for (int offset = 0; ;)
        {
            OperationStatus status = Utf8.ToUtf16(bytes[offset..], characters, out int read, out _, replaceInvalidSequences: false);
            offset += read;
            if (status != OperationStatus.DestinationTooSmall)
            {
                return Math.Min(offset, bytes.Length - 1);
            }
        }
    }
}
