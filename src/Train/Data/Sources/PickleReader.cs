using System.Buffers.Binary;
using System.Text;

namespace TinyLM;

/// <summary>
/// Reads Python's pickles as data. The opcodes (Python's <c>pickletools</c>) are those of torch archives of plain dictionaries, numbers, strings and tensors;
/// of the names that a pickle may call for only a few are known, each stands for data, and none is ever looked up, imported or called.
/// </summary>
/// <param name="bytes">The pickle.</param>
/// <param name="place">What messages call it.</param>
internal sealed class PickleReader(byte[] bytes, string place)
{
    private static readonly object Mark = new();

    private readonly List<object?> _stack = [];
    private readonly Dictionary<uint, object?> _memo = [];
    private int _position;

    /// <summary>
    /// The pickled value: null, bool, long, double, string, <c>object?[]</c> of a tuple, list or set, <c>Dictionary&lt;string, object?&gt;</c>,
    /// <see cref="TorchStorage"/> or <see cref="TorchTensor"/>.
    /// </summary>
    /// <exception cref="UserException">It is damaged, or more than data.</exception>
    public object? Read()
    {
        for (; ; )
        {
            byte opcode = Take(1)[0];
            if (opcode == '.')
            {
                return Pop();
            }

            Execute(opcode);
        }
    }

    private void Execute(byte opcode)
    {
        switch (opcode)
        {
            case 0x80: // PROTO
                Take(1);
                break;
            case (byte)'(':
                _stack.Add(Mark);
                break;
            case (byte)'N':
                _stack.Add(null);
                break;
            case 0x88 or 0x89: // NEWTRUE, NEWFALSE
                _stack.Add(opcode == 0x88);
                break;
            case (byte)'J':
                _stack.Add((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
                break;
            case (byte)'K':
                _stack.Add((long)Take(1)[0]);
                break;
            case (byte)'M':
                _stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
                break;
            case 0x8A: // LONG1
                _stack.Add(ReadLong());
                break;
            case (byte)'G':
                _stack.Add(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
                break;
            case (byte)'X':
                _stack.Add(Text(Take(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))));
                break;
            case (byte)'}':
                _stack.Add(new Dictionary<string, object?>());
                break;
            case (byte)')' or (byte)']': // an empty tuple or list
                _stack.Add(Array.Empty<object?>());
                break;
            case 0x85 or 0x86 or 0x87: // TUPLE1 to TUPLE3
                _stack.Add(Pop(opcode - 0x84));
                break;
            case (byte)'t':
                _stack.Add(PopToMark());
                break;
            case (byte)'s':
                SetItems(Pop(2));
                break;
            case (byte)'u':
                SetItems(PopToMark());
                break;
            case (byte)'q':
                _memo[Take(1)[0]] = Peek();
                break;
            case (byte)'r':
                _memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = Peek();
                break;
            case (byte)'h':
                _stack.Add(Remembered(Take(1)[0]));
                break;
            case (byte)'j':
                _stack.Add(Remembered(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))));
                break;
            case (byte)'c':
                _stack.Add(PickleName.Find(Line(), Line(), place));
                break;
            case (byte)'Q':
                _stack.Add(Storage(Pop()));
                break;
            case (byte)'R':
                object? arguments = Pop();
                _stack.Add(Rebuild(Pop(), arguments));
                break;
            default:
                throw new UserException($"{place}: the opcode 0x{opcode:X2} at offset {_position - 1} is none that a torch archive of tensors needs; nothing of it is executed.");
        }
    }

    /// <summary>('storage', its type, its key, a device, its length).</summary>
    private TorchStorage Storage(object? identifier) => identifier is object?[] and ["storage", PickleName { ElementType: { } type }, string key, string, long]
        ? new TorchStorage(key, type)
        : throw Damaged("a storage is not as torch writes it");

    /// <summary>What torch would call for: a tensor of (storage, offset, shape, strides, gradient, hooks[, type]), or an empty dictionary of hooks.</summary>
    private object Rebuild(object? name, object? arguments) => (name, arguments) switch
    {
        (PickleName { Kind: PickleNameKind.Dictionary }, object?[] and []) => new Dictionary<string, object?>(),
        (PickleName { Kind: PickleNameKind.Tensor }, object?[] and [TorchStorage storage, long offset, object?[] shape, object?[] strides, bool, _]) =>
            new TorchTensor(storage.Key, storage.Type, offset, Numbers(shape), Numbers(strides)),
        (PickleName { Kind: PickleNameKind.Tensor }, object?[] and [TorchStorage storage, long offset, object?[] shape, object?[] strides, bool, _, PickleName { ElementType: { } type }]) =>
            new TorchTensor(storage.Key, type, offset, Numbers(shape), Numbers(strides)),
        _ => throw Damaged("something is to be built that is neither a tensor nor an empty dictionary"),
    };

    private long[] Numbers(object?[] values) => Array.ConvertAll(values, value => value is long number ? number : throw Damaged("a size is no number"));

    private void SetItems(object?[] items)
    {
        if (Peek() is not Dictionary<string, object?> dictionary || items.Length % 2 != 0)
        {
            throw Damaged("items are set in what is no dictionary");
        }

        for (int i = 0; i < items.Length; i += 2)
        {
            dictionary[items[i] as string ?? throw Damaged("a key is no string")] = items[i + 1];
        }
    }

    private object? Remembered(uint key) => _memo.TryGetValue(key, out object? value) ? value : throw Damaged($"the memo has no entry {key}");

    private object? Peek() => _stack.Count > 0 && _stack[^1] != Mark ? _stack[^1] : throw Damaged("the stack is empty");

    private object? Pop()
    {
        object? value = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private object?[] Pop(int count)
    {
        var values = new object?[count];
        for (int i = count - 1; i >= 0; i--)
        {
            values[i] = Pop();
        }

        return values;
    }

    private object?[] PopToMark()
    {
        int mark = _stack.LastIndexOf(Mark);
        object?[] values = mark >= 0 ? [.. _stack[(mark + 1)..]] : throw Damaged("a mark is missing");
        _stack.RemoveRange(mark, _stack.Count - mark);
        return values;
    }

    private long ReadLong()
    {
        ReadOnlySpan<byte> number = Take(Take(1)[0]);
        if (number.Length > sizeof(long))
        {
            throw Damaged($"a number has {number.Length} bytes");
        }

        long value = number.Length > 0 && (number[^1] & 0x80) != 0 ? -1 : 0;
        for (int i = number.Length - 1; i >= 0; i--)
        {
            value = (value << 8) | number[i];
        }

        return value;
    }

    private string Line()
    {
        int length = bytes.AsSpan(_position).IndexOf((byte)'\n');
        string line = length >= 0 ? Text(Take((uint)length)) : throw Damaged("a line has no end");
        _position++;
        return line;
    }

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);

    private ReadOnlySpan<byte> Take(uint count)
    {
        if (count > bytes.Length - _position)
        {
            throw Damaged("it ends too early");
        }

        _position += (int)count;
        return bytes.AsSpan(_position - (int)count, (int)count);
    }

    private UserException Damaged(string what) => new($"{place}: not a valid pickle: at offset {_position} {what}.");
}
