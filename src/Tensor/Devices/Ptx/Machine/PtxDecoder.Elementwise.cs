using System.Globalization;
using static TinyLM.PtxOperations;

namespace TinyLM;

// What a lane does alone: arithmetic, logic, functions, conversions, comparisons.
internal sealed partial class PtxDecoder
{
    private bool IsFloat => _statement.Type[0] == 'f';

    private InstructionKind ArithmeticKind => IsFloat ? InstructionKind.FloatArithmetic : InstructionKind.IntegerArithmetic;

    private PtxInstruction? DecodeElementwise() => _statement.Name switch
    {
        "mov" when _statement.Type == "pred" => Logic(PredicateOperation.Copy),
        "and" when _statement.Type == "pred" => Logic(PredicateOperation.And),
        "or" when _statement.Type == "pred" => Logic(PredicateOperation.Or),
        "xor" when _statement.Type == "pred" => Logic(PredicateOperation.Xor),
        "not" when _statement.Type == "pred" => Logic(PredicateOperation.Not),
        "mov" => Unary(InstructionKind.IntegerArithmetic, typeof(Copy)),
        "add" => Arithmetic(typeof(Add<>)),
        "sub" => Arithmetic(typeof(Subtract<>)),
        "mul" when IsFloat => Arithmetic(typeof(Multiply<>)),
        "mul" => Modes(2, typeof(Multiply<>), typeof(MultiplyWide<>), typeof(MultiplyHigh<>)),
        "fma" => Ternary(InstructionKind.FloatArithmetic, Typed(typeof(FusedMultiplyAdd<>), "rn", "ftz")),
        "mad" when IsFloat => Ternary(InstructionKind.FloatArithmetic, Typed(typeof(FusedMultiplyAdd<>), "rn", "ftz")),
        "mad" => Modes(3, typeof(MultiplyAdd<>), typeof(MultiplyWideAdd<>), high: null),
        "div" when IsFloat => Binary(InstructionKind.Function, Typed(typeof(DivideFloat<>), "rn", "approx", "full", "ftz")),
        "div" => Binary(InstructionKind.Function, Typed(typeof(DivideInteger<>))),
        "rem" => Binary(InstructionKind.Function, Typed(typeof(Remainder<>))),
        "min" => Arithmetic(typeof(Minimum<>)),
        "max" => Arithmetic(typeof(Maximum<>)),
        "abs" => Unary(ArithmeticKind, Typed(IsFloat ? typeof(AbsoluteFloat<>) : typeof(AbsoluteInteger<>), "ftz")),
        "neg" => Unary(ArithmeticKind, Typed(typeof(Negate<>), "ftz")),
        "copysign" => Binary(InstructionKind.FloatArithmetic, Typed(typeof(CopySign<>))),
        "and" => Binary(InstructionKind.IntegerArithmetic, typeof(And)),
        "or" => Binary(InstructionKind.IntegerArithmetic, typeof(Or)),
        "xor" => Binary(InstructionKind.IntegerArithmetic, typeof(Xor)),
        "not" => Unary(InstructionKind.IntegerArithmetic, Typed(typeof(Not<>))),
        "shl" => Binary(InstructionKind.IntegerArithmetic, Typed(typeof(ShiftLeft<>))),
        "shr" => Binary(InstructionKind.IntegerArithmetic, Typed(typeof(ShiftRight<>))),
        "shf" when _statement.Has("l") && _statement.Has("wrap") => Ternary(InstructionKind.IntegerArithmetic, typeof(FunnelShiftLeft)),
        "shf" when _statement.Has("r") && _statement.Has("wrap") => Ternary(InstructionKind.IntegerArithmetic, typeof(FunnelShiftRight)),
        "popc" => Unary(InstructionKind.IntegerArithmetic, typeof(PopulationCount)),
        "clz" => Unary(InstructionKind.IntegerArithmetic, Typed(typeof(LeadingZeros<>))),
        "brev" => Unary(InstructionKind.IntegerArithmetic, Typed(typeof(ReverseBits<>))),
        "bfind" => Unary(InstructionKind.IntegerArithmetic, Typed(typeof(FindHighestBit<>))),
        "bfe" => Ternary(InstructionKind.IntegerArithmetic, Typed(typeof(ExtractBits<>))),
        "selp" => OfKind(InstructionKind.IntegerArithmetic, new SelectInstruction(
            Destination(_statement.Operands[0]), Row(_statement.Operands[1]), Row(_statement.Operands[2]), Predicate(_statement.Operands[3]))),
        "setp" => SetPredicate(),
        "testp" => TestProperty(),
        "cvt" => Conversion(),
        _ => Function(),
    };

    private PtxInstruction? Function() => (_statement.Name, _statement.Type) switch
    {
        ("sqrt", "f32") => Approximate(typeof(SquareRootFloat)),
        ("sqrt", "f64") => Approximate(typeof(SquareRootDouble)),
        ("rcp", "f32") => Approximate(typeof(ReciprocalFloat)),
        ("rcp", "f64") => Approximate(typeof(ReciprocalDouble)),
        ("rsqrt", "f32") => Approximate(typeof(ReciprocalSquareRoot)),
        ("rsqrt", "f64") => Approximate(typeof(ReciprocalSquareRootDouble)),
        ("ex2", "f32") => Approximate(typeof(PowerOfTwo)),
        ("ex2", "f16") => Approximate(typeof(PowerOfTwoHalf)),
        ("lg2", "f32") => Approximate(typeof(LogarithmToBase2)),
        ("sin", "f32") => Approximate(typeof(Sine)),
        ("cos", "f32") => Approximate(typeof(Cosine)),
        ("tanh", "f32") => Approximate(typeof(HyperbolicTangent)),
        ("tanh", "f16") => Approximate(typeof(HyperbolicTangentHalf)),
        _ => null,
    };

    private PtxInstruction Approximate(Type operation)
    {
        AllowModifiers("rn", "approx", "ftz");
        return Unary(InstructionKind.Function, operation);
    }

    private PtxInstruction Arithmetic(Type operation) => Binary(ArithmeticKind, Typed(operation, "rn", "ftz"));

    /// <summary>Integer products: .lo, .wide or .hi.</summary>
    private PtxInstruction Modes(int factors, Type low, Type wide, Type? high)
    {
        AllowModifiers("lo", "wide", "hi");
        Type operation = _statement.Has("lo") ? low
            : _statement.Has("wide") ? wide
            : _statement.Has("hi") && high is not null ? high
            : throw Unknown("no '.lo' or '.wide', which the interpreter expects here");
        Type typed = operation.MakeGenericType(TypeOf(_statement.Type));
        return factors == 2 ? Binary(InstructionKind.IntegerArithmetic, typed) : Ternary(InstructionKind.IntegerArithmetic, typed);
    }

    private Type Typed(Type operation, params ReadOnlySpan<string> modifiers)
    {
        AllowModifiers(modifiers);
        return operation.MakeGenericType(TypeOf(_statement.Type));
    }

    private PtxInstruction Unary(InstructionKind kind, Type operation) => OfKind(kind, Create(
        typeof(UnaryInstruction<>).MakeGenericType(Flushed(operation, typeof(FlushUnary<,>))), Destination(_statement.Operands[0]), Row(_statement.Operands[1])));

    private PtxInstruction Binary(InstructionKind kind, Type operation) => OfKind(kind, Create(
        typeof(BinaryInstruction<>).MakeGenericType(Flushed(operation, typeof(FlushBinary<,>))),
        Destination(_statement.Operands[0]), Row(_statement.Operands[1]), Row(_statement.Operands[2])));

    private PtxInstruction Ternary(InstructionKind kind, Type operation) => OfKind(kind, Create(
        typeof(TernaryInstruction<>).MakeGenericType(Flushed(operation, typeof(FlushTernary<,>))),
        Destination(_statement.Operands[0]), Row(_statement.Operands[1]), Row(_statement.Operands[2]), Row(_statement.Operands[3])));

    private Type Flushed(Type operation, Type wrapper) =>
        _statement.Has("ftz") ? wrapper.MakeGenericType(operation, TypeOf(_statement.Type)) : operation;

    private static PtxInstruction Create(Type type, params object[] arguments) => (PtxInstruction)Activator.CreateInstance(type, arguments)!;

    private PtxInstruction Logic(PredicateOperation operation)
    {
        string a = _statement.Operands[1];
        int destination = Predicate(_statement.Operands[0]);
        return OfKind(InstructionKind.IntegerArithmetic, a switch
        {
            "0" => new PredicateConstantInstruction(destination, value: false),
            "1" => new PredicateConstantInstruction(destination, value: true),
            _ => new PredicateInstruction(operation, destination, Predicate(a), Predicate(_statement.Operands[^1])),
        });
    }

    private PtxInstruction SetPredicate()
    {
        ReadOnlySpan<string> modifiers = _statement.Modifiers;
        Type comparison = Comparison(modifiers[0], TypeOf(_statement.Type));
        PredicateOperation combination = modifiers.Length == 1 ? PredicateOperation.Copy : modifiers[1] switch
        {
            "and" => PredicateOperation.And,
            "or" => PredicateOperation.Or,
            "xor" => PredicateOperation.Xor,
            _ => throw Unknown($"the modifier '.{modifiers[1]}', which the interpreter does not know"),
        };
        int other = combination == PredicateOperation.Copy ? 0 : Predicate(_statement.Operands[3]);
        return Compare(comparison, Row(_statement.Operands[2]), combination, other);
    }

    private static Type Comparison(string name, Type type)
    {
        return name switch
        {
            "eq" => Ordered(typeof(Equal<>)),
            "ne" => Ordered(typeof(NotEqual<>)),
            "lt" or "lo" => Ordered(typeof(Less<>)),
            "le" or "ls" => Ordered(typeof(LessOrEqual<>)),
            "gt" or "hi" => Ordered(typeof(Greater<>)),
            "ge" or "hs" => Ordered(typeof(GreaterOrEqual<>)),
            "nan" => Ordered(typeof(Unordered<>)),
            "equ" => Unless(typeof(NotEqual<>)),
            "neu" => Unless(typeof(Equal<>)),
            "ltu" => Unless(typeof(GreaterOrEqual<>)),
            "leu" => Unless(typeof(Greater<>)),
            "gtu" => Unless(typeof(LessOrEqual<>)),
            "geu" => Unless(typeof(Less<>)),
            "num" => Unless(typeof(Unordered<>)),
            _ => throw new ArgumentException($"the comparison '.{name}' is not known"),
        };

        Type Ordered(Type comparison) => comparison.MakeGenericType(type);
        Type Unless(Type opposite) => typeof(Unless<>).MakeGenericType(opposite.MakeGenericType(type));
    }

    private PtxInstruction TestProperty()
    {
        Type type = TypeOf(_statement.Type);
        Type comparison = _statement.Modifiers[0] switch
        {
            "notanumber" => typeof(Unordered<>).MakeGenericType(type),
            "number" => typeof(Unless<>).MakeGenericType(typeof(Unordered<>).MakeGenericType(type)),
            "infinite" => typeof(IsInfinite<>).MakeGenericType(type),
            "finite" => typeof(IsFinite<>).MakeGenericType(type),
            _ => throw Unknown($"the property '.{_statement.Modifiers[0]}', which the interpreter does not know"),
        };
        return Compare(comparison, Row(_statement.Operands[1]), PredicateOperation.Copy, 0);
    }

    private PtxInstruction Compare(Type comparison, int b, PredicateOperation combination, int other) => OfKind(InstructionKind.IntegerArithmetic, Create(
        typeof(CompareInstruction<>).MakeGenericType(comparison),
        Predicate(_statement.Operands[0]), Row(_statement.Operands[1]), b, combination, other));

    private PtxInstruction Conversion()
    {
        string[] parts = _statement.Opcode.Split('.');
        (string from, string to) = (parts[^1], parts[^2]);
        if (to == "bf16x2" && from == "f32" && _statement.Has("rn"))
        {
            return Binary(InstructionKind.Conversion, typeof(PackBFloat16));
        }

        AllowModifiers("rn", "rz", "rni", "rzi", "rmi", "rpi", to);
        Type rounding = _statement.Has("rni") ? typeof(RoundToEven)
            : _statement.Has("rmi") ? typeof(RoundDown)
            : _statement.Has("rpi") ? typeof(RoundUp)
            : _statement.Has("rzi") ? typeof(RoundToZero)
            : _statement.Has("rz") ? throw Unknown("the modifier '.rz', which the interpreter does not know")
            : typeof(NoRounding);
        Type operation = typeof(Convert<,,>).MakeGenericType(TypeOf(from), TypeOf(to), rounding);
        int registerBits = _source.Registers[_statement.Operands[0]];
        if (to[0] == 's' && int.Parse(to.AsSpan(1), CultureInfo.InvariantCulture) < registerBits)
        {
            operation = typeof(SignExtend<,,>).MakeGenericType(operation, TypeOf(to), TypeOf($"s{registerBits}"));
        }

        return Unary(InstructionKind.Conversion, operation);
    }
}
