using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace TinyLM;

/// <summary>
/// Reads text front to back and strictly: valid UTF-8 without NUL bytes, or one line that says what is wrong and where. A byte order mark at the
/// start is dropped. In memory are never more than a part or a line.
/// </summary>
internal sealed class TextInput
{
    /// <summary>The longest line, in bytes (16 MiB).</summary>
    public const int LongestLine = 1 << 24;

    /// <summary>A part of a running text has at most so many bytes (1 MiB).</summary>
    public const int LongestPart = 1 << 20;

    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);

    private readonly string _path;
    private readonly Stream _stream;
    private byte[] _buffer = new byte[1 << 16];
    private int _start, _end;
    private bool _isAtEnd;

    /// <summary>Where in the text the buffer begins.</summary>
    private long _offset;

    /// <param name="path">The file, for messages.</param>
    /// <param name="stream">Its content.</param>
    public TextInput(string path, Stream stream)
    {
        (_path, _stream) = (path, stream);
        while (_end < 3 && Fill())
        {
        }

        _start = _buffer.AsSpan(0, _end).StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? 3 : 0;
    }

    /// <summary>The number of the line that was read last, from 1.</summary>
    public long LineNumber { get; private set; }

    /// <summary>The next line without its end, checked; valid until the next call. False after the last.</summary>
    /// <exception cref="UserException">The line is too long or no text.</exception>
    public bool TryReadLine(out ReadOnlyMemory<byte> line)
    {
        int searched = 0;
        for (; ; )
        {
            int length = _buffer.AsSpan((_start + searched).._end).IndexOf((byte)'\n');
            length = length >= 0 ? searched + length : _end - _start;
            bool isWhole = length < _end - _start;
            if (length > LongestLine)
            {
                throw new UserException($"{_path}: line {LineNumber + 1} has more than {LongestLine} bytes, the most that a line may have; is the format another?");
            }

            if (isWhole || _isAtEnd)
            {
                line = Take(length, isWhole ? 1 : 0);
                return length > 0 || isWhole;
            }

            searched = length;
            Fill();
        }
    }

    /// <summary>The next part of the text; null at its end. It is cut where no tokenizer would see a whole: before a line end that follows a letter.</summary>
    /// <exception cref="UserException">It is no text.</exception>
    public string? ReadPart()
    {
        while (_end - _start <= LongestPart && Fill())
        {
        }

        ReadOnlySpan<byte> rest = _buffer.AsSpan(_start.._end);
        if (rest.Length == 0)
        {
            return null;
        }

        int length = rest.Length <= LongestPart ? rest.Length : CutOf(rest[..(LongestPart + 1)]);
        string text = Decode(rest[..length]);
        _start += length;
        return text;
    }

    /// <summary>The text of checked bytes of this input.</summary>
    private string Decode(ReadOnlySpan<byte> bytes)
    {
        Check(bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    private ReadOnlyMemory<byte> Take(int length, int endLength)
    {
        ReadOnlyMemory<byte> line = _buffer.AsMemory(_start, length);
        Check(line.Span);
        LineNumber++;
        _start += length + endLength;
        return line.Span.EndsWith("\r"u8) ? line[..^1] : line;
    }

    /// <summary>Reads more, behind what is there. False at the end.</summary>
    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start.._end).CopyTo(_buffer);
            (_offset, _end, _start) = (_offset + _start, _end - _start, 0);
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, 2 * _buffer.Length);
        }

        int read = _stream.Read(_buffer.AsSpan(_end));
        _end += read;
        _isAtEnd = read == 0;
        return read > 0;
    }

    /// <param name="bytes">A part and the byte after it.</param>
    private static int CutOf(ReadOnlySpan<byte> bytes)
    {
        int least = bytes.Length / 2;
        for (int end = bytes.Length; (end = bytes[..end].LastIndexOfAny(LineEnds)) > least;)
        {
            if (char.IsAsciiLetterOrDigit((char)bytes[end - 1]))
            {
                return end;
            }
        }

        // Between two characters at least; bytes 10xxxxxx continue one.
        int cut = bytes.Length - 1;
        while (cut > bytes.Length - 4 && (bytes[cut] & 0xC0) == 0x80)
        {
            cut--;
        }

        return cut;
    }

    private void Check(ReadOnlySpan<byte> bytes)
    {
        int zero = bytes.IndexOf((byte)0);
        if (zero >= 0)
        {
            throw new UserException($"{_path}: a NUL byte at offset {_offset + _start + zero}, so the file is binary; expected UTF-8 text.");
        }

        if (!Utf8.IsValid(bytes))
        {
            int invalid = IndexOfInvalid(bytes);
            throw new UserException(
                $"{_path}: byte 0x{bytes[invalid]:X2} at offset {_offset + _start + invalid} is not UTF-8; the file is binary or in another encoding, convert it to UTF-8.");
        }
    }

    private static int IndexOfInvalid(ReadOnlySpan<byte> bytes)
    {
        var characters = new char[4096];
        for (int index = 0; ;)
        {
            OperationStatus status = Utf8.ToUtf16(bytes[index..], characters, out int read, out _, replaceInvalidSequences: false);
            index += read;
            if (status != OperationStatus.DestinationTooSmall)
            {
                return Math.Min(index, bytes.Length - 1);
            }
        }
    }
}
