namespace TinyLM;

// Branches, ends, barriers, and what a warp does together.
internal sealed partial class PtxDecoder
{
    /// <summary>These take their guard themselves.</summary>
    private PtxInstruction? DecodeControl()
    {
        int guard = _statement.Guard is { } name ? Predicate(name) : BranchInstruction.Always;
        bool negated = _statement.GuardNegated;
        switch (_statement.Name)
        {
            case "bra":
                AllowModifiers("uni");
                return OfKind(InstructionKind.Branch, new BranchInstruction(_source.Labels[_statement.Operands[0]], guard, negated));
            case "brx" when guard == BranchInstruction.Always:
                int[] targets = [.. _source.BranchTargets[_statement.Operands[1]].Select(label => _source.Labels[label])];
                return OfKind(InstructionKind.Branch, new IndexedBranchInstruction(Row(_statement.Operands[0]), targets));
            case "ret" or "exit":
                return OfKind(InstructionKind.Branch, new ExitInstruction(guard, negated));
            case "bar" or "barrier" when !_statement.Has("warp") && guard == BranchInstruction.Always:
                return OfKind(InstructionKind.Synchronization, Barrier());
            case "shfl" or "vote" or "mma" or "ldmatrix" or "bar" or "barrier" when guard != BranchInstruction.Always:
                throw Unknown("a guard, which the interpreter does not know on operations of several threads");
            default:
                return null;
        }
    }

    private PtxInstruction? DecodeWarp() => _statement.Name switch
    {
        "bar" when _statement.Opcode == "bar.warp.sync" => OfKind(
            InstructionKind.Synchronization, new WarpBarrierInstruction(Row(_statement.Operands[0]))),
        "shfl" when _statement.Has("sync") => OfKind(InstructionKind.Synchronization, Shuffle()),
        "vote" when _statement.Has("sync") => OfKind(InstructionKind.Synchronization, Vote()),
        "activemask" => OfKind(InstructionKind.Synchronization, new ActiveMaskInstruction(Destination(_statement.Operands[0]))),
        "mma" when _statement.Opcode == "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32" => OfKind(
            InstructionKind.TensorCore,
            new MatrixMultiplyInstruction(
                DestinationList(_statement.Operands[0]),
                RowList(_statement.Operands[1]),
                RowList(_statement.Operands[2]),
                RowList(_statement.Operands[3]))),
        "ldmatrix" => OfKind(InstructionKind.SharedLoad, LoadMatrix()),
        _ => null,
    };

    private BarrierInstruction Barrier()
    {
        string[] operands = _statement.Operands;
        BarrierReduction reduction = BarrierReduction.None;
        if (_statement.Has("red"))
        {
            reduction = _statement.Has("and") ? BarrierReduction.And : _statement.Has("or") ? BarrierReduction.Or : BarrierReduction.Count;
        }

        int number = reduction == BarrierReduction.None ? 0 : 1;
        if (operands[number] != "0" || operands.Length != (reduction == BarrierReduction.None ? 1 : 3))
        {
            throw Unknown("a barrier of part of the block, which the interpreter does not know");
        }

        if (reduction == BarrierReduction.None)
        {
            AllowModifiers("cta", "sync", "aligned");
            return new BarrierInstruction(reduction, 0, 0, negated: false);
        }

        bool negated = operands[2].StartsWith('!');
        int destination = reduction == BarrierReduction.Count ? Destination(operands[0]) : Predicate(operands[0]);
        return new BarrierInstruction(reduction, destination, Predicate(operands[2].TrimStart('!')), negated);
    }

    private ShuffleInstruction Shuffle()
    {
        string[] operands = _statement.Operands;
        string[] results = operands[0].Split('|', StringSplitOptions.TrimEntries);
        ShuffleMode mode = _statement.Has("up") ? ShuffleMode.Up
            : _statement.Has("down") ? ShuffleMode.Down
            : _statement.Has("bfly") ? ShuffleMode.Butterfly
            : ShuffleMode.Index;
        AllowModifiers("sync", "up", "down", "bfly", "idx");
        return new ShuffleInstruction(
            mode,
            Destination(results[0]),
            results.Length > 1 ? Predicate(results[1]) : ShuffleInstruction.NoPredicate,
            Row(operands[1]),
            Row(operands[2]),
            Row(operands[3]),
            Row(operands[4]));
    }

    private VoteInstruction Vote()
    {
        string[] operands = _statement.Operands;
        VoteMode mode = _statement.Has("ballot") ? VoteMode.Ballot
            : _statement.Has("all") ? VoteMode.All
            : _statement.Has("any") ? VoteMode.Any
            : VoteMode.Uniform;
        int destination = mode == VoteMode.Ballot ? Destination(operands[0]) : Predicate(operands[0]);
        return new VoteInstruction(mode, destination, Predicate(operands[1].TrimStart('!')), operands[1].StartsWith('!'), Row(operands[2]));
    }

    private LoadMatrixInstruction LoadMatrix()
    {
        AllowModifiers("sync", "aligned", "m8n8", "x1", "x2", "x4", "trans", "shared");
        (string address, long offset) = Address(_statement.Operands[1]);
        return new LoadMatrixInstruction(Row(address), offset, DestinationList(_statement.Operands[0]), _statement.Has("trans"));
    }
}
