namespace TinyLM;

/// <summary>What training spends its time on.</summary>
public enum TrainingPhase
{
    /// <summary>The batch's tokens and targets.</summary>
    Data,

    /// <summary>From the tokens to the loss.</summary>
    Forward,

    /// <summary>From the loss to the gradients.</summary>
    Backward,

    /// <summary>Norm, clipping and the new weights.</summary>
    Optimizer,

    /// <summary>Held-out loss and samples during the run.</summary>
    Validation,

    /// <summary>Saving.</summary>
    Checkpoint,
}
