namespace TinyLM;

/// <summary>All that a trainer remembers beside tensors: enough to go on as if it had never stopped.</summary>
/// <param name="Step">Steps taken.</param>
/// <param name="TotalSteps">Of the whole run; 0 while a run by time has not counted them out.</param>
/// <param name="Tokens">Tokens trained on.</param>
/// <param name="Seconds">Training time.</param>
/// <param name="Epoch">Of the next batch.</param>
/// <param name="EpochStep">Of the next batch.</param>
/// <param name="Size">Of the last step: what the position counts in.</param>
/// <param name="DataFingerprint">Of the training documents: the order of other data would mean nothing.</param>
public sealed record TrainerState(long Step, long TotalSteps, long Tokens, double Seconds, long Epoch, int EpochStep, StepSize Size, string DataFingerprint);
