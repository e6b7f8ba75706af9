using System.Globalization;
using static TinyLM.PtxOperations;

namespace TinyLM;

// Loads, stores, atomics, asynchronous copies, address conversions.
internal sealed partial class PtxDecoder
{
    private static readonly string[] MemoryModifiers =
        ["global", "shared", "local", "v2", "v4", "nc", "volatile", "ca", "cg", "cs", "lu", "wb", "wt", "relaxed", "cta", "gpu", "sys"];

    private AddressSpace Space => _statement.Has("global") ? AddressSpace.Global
        : _statement.Has("shared") ? AddressSpace.Shared
        : _statement.Has("local") ? AddressSpace.Local
        : AddressSpace.Generic;

    private PtxInstruction? DecodeMemory() => _statement.Name switch
    {
        "ld" when _statement.Has("param") => LoadParameter(),
        "ld" or "ldu" => Load(),
        "st" => Store(),
        "atom" or "red" => Atomic(),
        "cvta" => ConvertAddress(),
        "cp" when _statement.Opcode.StartsWith("cp.async.c", StringComparison.Ordinal) && _statement.Has("shared") => AsyncCopy(),
        "cp" when _statement.Opcode == "cp.async.commit_group" => OfKind(InstructionKind.AsynchronousCopy, new CommitCopiesInstruction()),
        "cp" when _statement.Opcode == "cp.async.wait_group" => OfKind(
            InstructionKind.AsynchronousCopy, new WaitForCopiesInstruction((int)Literal(_statement.Operands[0]))),
        "cp" when _statement.Opcode == "cp.async.wait_all" => OfKind(InstructionKind.AsynchronousCopy, new WaitForCopiesInstruction(-1)),
        "membar" or "fence" => OfKind(InstructionKind.Synchronization, new NoEffectInstruction()),
        "prefetch" or "prefetchu" => OfKind(InstructionKind.GlobalLoad, new NoEffectInstruction()),
        _ => null,
    };

    /// <summary>"[%rd3+8]": register, or name, and offset.</summary>
    private static (string Name, long Offset) Address(string operand)
    {
        string inside = operand.Trim('[', ']').Replace(" ", "", StringComparison.Ordinal);
        int sign = inside.IndexOfAny(['+', '-'], 1);
        return sign < 0 ? (inside, 0) : (inside[..sign], long.Parse(inside.AsSpan(sign), CultureInfo.InvariantCulture));
    }

    private PtxInstruction LoadParameter()
    {
        (string name, long offset) = Address(_statement.Operands[1]);
        int bytes = int.Parse(_statement.Type.AsSpan(1), CultureInfo.InvariantCulture) / 8;
        return OfKind(InstructionKind.ParameterLoad, new LoadParameterInstruction(
            Destination(_statement.Operands[0]), _source.ParameterOffsets[name] + (int)offset, bytes));
    }

    private PtxInstruction Load()
    {
        AllowModifiers(MemoryModifiers);
        string[] names = PtxStatement.SplitList(_statement.Operands[0]);
        (string address, long offset) = Address(_statement.Operands[1]);
        Type type = TypeOf(_statement.Type);
        NoteGrain(type);
        ulong mask = _source.Registers[names[0]] switch
        {
            16 => ushort.MaxValue,
            32 => uint.MaxValue,
            _ => ulong.MaxValue,
        };
        InstructionKind kind = Space switch
        {
            AddressSpace.Shared => InstructionKind.SharedLoad,
            AddressSpace.Local => InstructionKind.LocalLoad,
            _ => InstructionKind.GlobalLoad,
        };
        return OfKind(kind, Create(
            typeof(LoadInstruction<>).MakeGenericType(type), Space, Row(address), offset, DestinationList(_statement.Operands[0]), mask));
    }

    private PtxInstruction Store()
    {
        AllowModifiers(MemoryModifiers);
        (string address, long offset) = Address(_statement.Operands[0]);
        Type type = TypeOf(_statement.Type);
        NoteGrain(type);
        InstructionKind kind = Space switch
        {
            AddressSpace.Shared => InstructionKind.SharedStore,
            AddressSpace.Local => InstructionKind.LocalStore,
            _ => InstructionKind.GlobalStore,
        };
        return OfKind(kind, Create(
            typeof(StoreInstruction<>).MakeGenericType(type), Space, Row(address), offset, RowList(_statement.Operands[1])));
    }

    private PtxInstruction Atomic()
    {
        bool returns = _statement.Name == "atom";
        string[] operands = _statement.Operands;
        int destination = returns ? Destination(operands[0]) : -1;
        (string address, long offset) = Address(operands[returns ? 1 : 0]);
        int a = Row(operands[returns ? 2 : 1]);
        int b = Row(operands[^1]);
        Type type = TypeOf(_statement.Type);
        Type operation = _statement.Modifiers.ToArray().Select(modifier => modifier switch
        {
            "add" => Update(typeof(Add<>).MakeGenericType(type)),
            "min" => Update(typeof(Minimum<>).MakeGenericType(type)),
            "max" => Update(typeof(Maximum<>).MakeGenericType(type)),
            "and" => Update(typeof(And)),
            "or" => Update(typeof(Or)),
            "xor" => Update(typeof(Xor)),
            "exch" => Update(typeof(Second)),
            "cas" => typeof(CompareAndSwap<>).MakeGenericType(type),
            _ => null,
        }).FirstOrDefault(found => found is not null) ?? throw Unknown("an atomic operation that the interpreter does not know");
        NoteGrain(type);
        return OfKind(InstructionKind.Atomic, Create(
            typeof(AtomicInstruction<,>).MakeGenericType(type, operation), Space, destination, Row(address), offset, a, b));

        static Type Update(Type binary) => typeof(IgnoreThird<>).MakeGenericType(binary);
    }

    private PtxInstruction ConvertAddress()
    {
        int destination = Destination(_statement.Operands[0]);
        int source = Row(_statement.Operands[1]);
        ulong window = Space switch
        {
            AddressSpace.Shared => MemoryInstruction.SharedWindow,
            AddressSpace.Local => MemoryInstruction.LocalWindow,
            _ => 0,
        };
        ulong difference = _statement.Has("to") ? 0 - window : window;
        return OfKind(InstructionKind.IntegerArithmetic, new BinaryInstruction<Add<ulong>>(
            destination, source, Row(difference.ToString(CultureInfo.InvariantCulture))));
    }

    private PtxInstruction AsyncCopy()
    {
        AllowModifiers("async", "ca", "cg", "shared");
        (string target, long targetOffset) = Address(_statement.Operands[0]);
        (string source, long sourceOffset) = Address(_statement.Operands[1]);
        int sourceBytes = _statement.Operands.Length > 3 ? Row(_statement.Operands[3]) : AsyncCopyInstruction.All;
        return OfKind(InstructionKind.AsynchronousCopy, new AsyncCopyInstruction(
            Row(target), targetOffset, Row(source), sourceOffset, (int)Literal(_statement.Operands[2]), sourceBytes));
    }

    /// <summary>Races are told by the narrowest access to what may be shared memory.</summary>
    private void NoteGrain(Type type)
    {
        if (Space is AddressSpace.Shared or AddressSpace.Generic)
        {
            int bytes = type == typeof(byte) || type == typeof(sbyte) ? 1
                : type == typeof(ushort) || type == typeof(short) || type == typeof(Half) ? 2
                : 4;
            _sharedGrain = Math.Min(_sharedGrain, bytes);
        }
    }
}
