namespace TinyLM;

/// <summary>What may be added to cross-entropy; by default nothing.</summary>
/// <param name="ZLoss">λ of λ·(log Σ exp logits)², which keeps the logits from drifting (Chowdhery et al., "PaLM", 2022); 0: none.</param>
/// <param name="Softcap">The cap of cap·tanh(logit / cap), applied before all else (Gemma 2, 2024); 0: none.</param>
public readonly record struct CrossEntropyOptions(float ZLoss = 0, float Softcap = 0)
{
    internal void Check()
    {
        if (!(ZLoss >= 0 && float.IsFinite(ZLoss)) || !(Softcap >= 0 && float.IsFinite(Softcap)))
        {
            throw new ArgumentException(FormattableString.Invariant($"CrossEntropy: a z-loss of {ZLoss} and a softcap of {Softcap}; expected 0 or more."));
        }
    }
}
