using System.Globalization;

namespace TinyLM;

/// <summary>
/// Turns a kernel's PTX into instructions of the interpreter. Every operand becomes a row of the register file; what an opcode
/// means stands in the partial files by topic. An opcode or modifier that is not known is an error: nothing is skipped in silence.
/// </summary>
internal sealed partial class PtxDecoder
{
    private readonly CompiledKernel _kernel;
    private readonly PtxSource _source;
    private readonly Dictionary<string, int> _rows = [];
    private readonly Dictionary<string, int> _predicates = [];
    private readonly Dictionary<ulong, int> _literals = [];
    private readonly Dictionary<SpecialRegister, int> _specials = [];
    private int _rowCount;
    private int _sharedGrain = 4;
    private PtxStatement _statement = null!;

    private PtxDecoder(CompiledKernel kernel)
    {
        _kernel = kernel;
        _source = PtxSource.Parse(kernel);
        foreach (var (name, bits) in _source.Registers)
        {
            if (bits == 1)
            {
                _predicates[name] = _predicates.Count;
            }
            else
            {
                _rows[name] = NewRow();
            }
        }
    }

    /// <exception cref="DeviceException">The PTX has something that the interpreter does not know.</exception>
    public static PtxProgram Decode(CompiledKernel kernel)
    {
        var decoder = new PtxDecoder(kernel);
        PtxInstruction[] instructions = [.. decoder._source.Statements.Select(decoder.Decode)];
        return new PtxProgram
        {
            Compiled = kernel,
            Statements = [.. decoder._source.Statements],
            Instructions = instructions,
            RowCount = decoder._rowCount,
            PredicateCount = Math.Max(decoder._predicates.Count, 1),
            Literals = [.. decoder._literals.Select(literal => (literal.Value, literal.Key))],
            SpecialRegisters = [.. decoder._specials.Select(special => (special.Value, special.Key))],
            SharedBytes = decoder._source.SharedBytes,
            LocalBytes = decoder._source.LocalBytes,
            SharedGrain = decoder._sharedGrain,
        };
    }

    private PtxInstruction Decode(PtxStatement statement)
    {
        _statement = statement;
        try
        {
            PtxInstruction? instruction = DecodeControl();
            if (instruction is null)
            {
                instruction = DecodeMemory() ?? DecodeWarp() ?? DecodeElementwise()
                    ?? throw Unknown("an opcode that the interpreter does not know");
                if (statement.Guard is not null)
                {
                    InstructionKind kind = instruction.Kind;
                    instruction = new GuardedInstruction(instruction, Predicate(statement.Guard), statement.GuardNegated) { Kind = kind };
                }
            }

            instruction.Flops = Flops(statement, instruction.Kind);
            return instruction;
        }
        catch (Exception exception) when (exception is ArgumentException or IndexOutOfRangeException or FormatException or KeyNotFoundException)
        {
            throw Unknown($"operands or a type that the interpreter does not know ({exception.Message})");
        }
    }

    /// <summary>The floating-point operations of one thread; a fused multiply-add is two, moving a sign is none.</summary>
    private static int Flops(PtxStatement statement, InstructionKind kind) => (kind, statement.Name) switch
    {
        (InstructionKind.TensorCore, _) => MatrixMultiplyInstruction.FlopsPerThread,
        (InstructionKind.FloatArithmetic, "abs" or "neg" or "copysign") => 0,
        (InstructionKind.FloatArithmetic, "fma" or "mad") => 2,
        (InstructionKind.FloatArithmetic, _) => 1,
        (InstructionKind.Function, _) when statement.Type[0] == 'f' => 1,
        _ => 0,
    };

    private DeviceException Unknown(string what) => new(
        $"{_kernel.Name}: PTX line {_statement.Line} '{_statement.Text.Replace('\t', ' ')}' has {what}; " +
        "expected what ILGPU emits for kernels, see PtxDecoder.");

    private int NewRow() => _rowCount++ * PtxLane.Count;

    /// <summary>The row of a register, literal, special register or address of an array.</summary>
    private int Row(string operand)
    {
        if (_rows.TryGetValue(operand, out int row))
        {
            return row;
        }

        if (operand.StartsWith('%'))
        {
            SpecialRegister register = Special(operand);
            return _specials.TryGetValue(register, out row) ? row : _specials[register] = NewRow();
        }

        ulong value = Literal(operand);
        return _literals.TryGetValue(value, out row) ? row : _literals[value] = NewRow();
    }

    private int[] RowList(string operand) => [.. PtxStatement.SplitList(operand).Select(Row)];

    /// <summary>The row of a register that is written.</summary>
    private int Destination(string operand) =>
        _rows.TryGetValue(operand, out int row) ? row : throw Unknown($"no register '{operand}'");

    private int[] DestinationList(string operand) => [.. PtxStatement.SplitList(operand).Select(Destination)];

    private int Predicate(string operand) =>
        _predicates.TryGetValue(operand, out int predicate) ? predicate : throw Unknown($"no predicate '{operand}'");

    private ulong Literal(string operand)
    {
        if (operand.StartsWith("0f", StringComparison.OrdinalIgnoreCase))
        {
            return uint.Parse(operand.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        }

        if (operand.StartsWith("0d", StringComparison.OrdinalIgnoreCase))
        {
            return ulong.Parse(operand.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        }

        if (operand.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return ulong.Parse(operand.AsSpan(2).TrimEnd('U'), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        }

        if (_source.SharedOffsets.TryGetValue(operand, out int shared))
        {
            return (ulong)shared;
        }

        if (_source.LocalOffsets.TryGetValue(operand, out int local))
        {
            return (ulong)local;
        }

        return operand.StartsWith('-')
            ? unchecked((ulong)long.Parse(operand, CultureInfo.InvariantCulture))
            : ulong.Parse(operand, CultureInfo.InvariantCulture);
    }

    private SpecialRegister Special(string operand) => operand switch
    {
        "%tid.x" => SpecialRegister.ThreadX,
        "%tid.y" => SpecialRegister.ThreadY,
        "%tid.z" => SpecialRegister.ThreadZ,
        "%ctaid.x" => SpecialRegister.BlockX,
        "%ctaid.y" => SpecialRegister.BlockY,
        "%ctaid.z" => SpecialRegister.BlockZ,
        "%ntid.x" => SpecialRegister.BlockSizeX,
        "%ntid.y" => SpecialRegister.BlockSizeY,
        "%ntid.z" => SpecialRegister.BlockSizeZ,
        "%nctaid.x" => SpecialRegister.GridSizeX,
        "%nctaid.y" => SpecialRegister.GridSizeY,
        "%nctaid.z" => SpecialRegister.GridSizeZ,
        "%laneid" => SpecialRegister.LaneIndex,
        "%warpid" => SpecialRegister.WarpIndex,
        "%nwarpid" => SpecialRegister.WarpCount,
        "%lanemask_lt" => SpecialRegister.LanesBelow,
        "%lanemask_le" => SpecialRegister.LanesUpTo,
        "%lanemask_eq" => SpecialRegister.LaneBit,
        "%lanemask_ge" => SpecialRegister.LanesFrom,
        "%lanemask_gt" => SpecialRegister.LanesAbove,
        "%dynamic_smem_size" => SpecialRegister.DynamicSharedBytes,
        _ => throw Unknown($"the special register '{operand}', which the interpreter does not know"),
    };

    private static PtxInstruction OfKind(InstructionKind kind, PtxInstruction instruction)
    {
        instruction.Kind = kind;
        return instruction;
    }

    /// <summary>Refuses modifiers that would change the meaning and are not provided for.</summary>
    private void AllowModifiers(params ReadOnlySpan<string> known)
    {
        foreach (string modifier in _statement.Modifiers)
        {
            if (!known.Contains(modifier))
            {
                throw Unknown($"the modifier '.{modifier}', which the interpreter does not know");
            }
        }
    }

    /// <summary>The C# type of lanes of a PTX type; bits count as unsigned.</summary>
    private Type TypeOf(string name) => name switch
    {
        "f16" => typeof(Half),
        "f32" => typeof(float),
        "f64" => typeof(double),
        "s8" => typeof(sbyte),
        "s16" => typeof(short),
        "s32" => typeof(int),
        "s64" => typeof(long),
        "u8" or "b8" => typeof(byte),
        "u16" or "b16" => typeof(ushort),
        "u32" or "b32" => typeof(uint),
        "u64" or "b64" => typeof(ulong),
        _ => throw Unknown($"the type '.{name}', which the interpreter does not know"),
    };
}
