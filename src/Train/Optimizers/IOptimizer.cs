namespace TinyLM;

/// <summary>Moves the parameters of a model along their gradients, and clips the norm of all gradients together.</summary>
public interface IOptimizer
{
    /// <summary>For people.</summary>
    string Name { get; }

    /// <summary>Steps taken.</summary>
    long StepCount { get; set; }

    /// <summary>All that it remembers from step to step beside <see cref="StepCount"/>, by name: what a checkpoint holds of it.</summary>
    IReadOnlyList<(string Name, Tensor Value)> State { get; }

    /// <summary>The least that a step reads and writes.</summary>
    long BytesPerStep { get; }

    /// <summary>One step with the gradients at hand. Call it before the step's tape is disposed: it uses the arena.</summary>
    /// <param name="learningRate">Of this step.</param>
    /// <param name="weightDecay">Of the parameters that decay.</param>
    /// <param name="clipNorm">The most that the norm of all gradients may be.</param>
    /// <returns>The norm of all gradients before clipping. Where it is no finite number, nothing has changed.</returns>
    double Step(double learningRate, double weightDecay, double clipNorm);
}
