using CsCheck;

namespace TinyLM.Tests.Properties;

/// <summary>Random sequences of what a step may ask of its arena.</summary>
[Category("Properties")]
public class ArenaProperties
{
    /// <summary>Elements: few sizes, so that blocks are handed out again, and one larger than a first block.</summary>
    private static readonly int[] Sizes = [0, 1, 64, 65, 1000, 300_000];

    private static readonly Gen<Move> Moves = Gen.Select(
        Gen.Frequency<Kind>((6, Kind.Allocate), (3, Kind.Recycle), (2, Kind.BeginScope), (2, Kind.EndScope), (1, Kind.KeepForStep), (1, Kind.EndStep)), Gen.Int[0, 63],
        (kind, choice) => new Move(kind, choice));

    private enum Kind
    {
        Allocate,
        Recycle,
        BeginScope,
        EndScope,
        KeepForStep,
        EndStep,
    }

    [Test]
    public void Memory_in_use_is_never_handed_out_again() => Property.Holds("cpu", 300, Moves.Array[1, 60], moves =>
    {
        using var device = Device.Open("cpu", threadCount: 1);
        using Tape tape = device.BeginTape();
        var model = new Model(device);
        foreach (Move move in moves)
        {
            model.Do(move);
        }
    });

    private sealed record Move(Kind Kind, int Choice)
    {
        public override string ToString() => $"{Kind} {Choice}";
    }

    /// <summary>What is in use, by the rules: since it was allocated, until it is recycled, its scope ends without keeping it, or the step ends.</summary>
    private sealed class Model(Device device)
    {
        private readonly List<(Tensor Tensor, int Depth)> _used = [];
        private readonly Stack<int> _scopes = [];

        public void Do(Move move)
        {
            switch (move.Kind)
            {
                case Kind.Allocate:
                    Allocate(Sizes[move.Choice % Sizes.Length]);
                    break;
                case Kind.Recycle when _used.Count > 0:
                    device.Arena.Recycle(_used[move.Choice % _used.Count].Tensor);
                    _used.RemoveAt(move.Choice % _used.Count);
                    break;
                case Kind.KeepForStep when _used.Count > 0:
                    int kept = move.Choice % _used.Count;
                    device.Arena.KeepForStep(_used[kept].Tensor.Address);
                    _used[kept] = _used[kept] with { Depth = 0 };
                    break;
                case Kind.BeginScope:
                    _scopes.Push(device.Arena.BeginScope());
                    break;
                case Kind.EndScope when _scopes.Count > 0:
                    EndScope(move.Choice);
                    break;
                case Kind.EndStep:
                    device.Arena.EndStep();
                    _used.Clear();
                    _scopes.Clear();
                    break;
            }
        }

        private void Allocate(int length)
        {
            Tensor tensor = device.Temporary(1, length);
            foreach (var (other, _) in _used)
            {
                bool isApart = tensor.Address + (nint)Bytes(tensor) <= other.Address || other.Address + (nint)Bytes(other) <= tensor.Address;
                Assert.That(isApart, Is.True, $"{tensor} at {tensor.Address:x} overlaps {other} at {other.Address:x}, which is in use");
            }

            Assert.That((long)tensor.Address % Arena.Alignment, Is.Zero, "alignment");
            _used.Add((tensor, _scopes.Count));
        }

        /// <summary>Keeps one in three of the scope's own.</summary>
        private void EndScope(int choice)
        {
            int depth = _scopes.Count, scope = _scopes.Pop();
            for (int i = _used.Count - 1; i >= 0; i--)
            {
                var (tensor, own) = _used[i];
                if (own < depth)
                {
                    continue;
                }

                if ((i + choice) % 3 == 0)
                {
                    device.Arena.KeepBeyondScope(scope, tensor);
                    _used[i] = (tensor, depth - 1);
                }
                else
                {
                    _used.RemoveAt(i);
                }
            }

            device.Arena.EndScope(scope);
        }

        private static long Bytes(Tensor tensor) => Arena.Padded(tensor.Length * sizeof(float));
    }
}
