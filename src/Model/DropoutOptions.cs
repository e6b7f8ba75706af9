namespace TinyLM;

/// <summary>What a training step drops of all that is written to the residual stream (<see cref="Dropout"/>). Its numbers depend on these fields and on
/// an element's place alone, so a step that is cut into passes drops what the whole one would, where the width is a multiple of 4.</summary>
/// <param name="Probability">The share that is dropped; 0: nothing.</param>
/// <param name="Seed">Of the run.</param>
/// <param name="Step">No two steps drop the same.</param>
/// <param name="FirstToken">Tokens of the step before those of this pass.</param>
public readonly record struct DropoutOptions(double Probability, ulong Seed, long Step, int FirstToken)
{
    /// <summary>Counters of one step: more than a step has elements.</summary>
    private const int StepBits = 34;

    /// <summary>Elements that one counter serves.</summary>
    private const int Quad = 4;

    /// <param name="x">[tokens, width].</param>
    /// <param name="purpose">Of the place in the model.</param>
    /// <returns>[tokens, width].</returns>
    internal Variable Apply(Variable x, ulong purpose)
    {
        ulong before = ((ulong)FirstToken * (ulong)x.Columns + Quad - 1) / Quad;
        return Probability == 0 ? x : x.Dropout(Probability, new Philox(Seed, purpose), ((ulong)Step << StepBits) + before);
    }
}
