namespace TinyLM;

/// <summary>What every layer of one forward pass shares.</summary>
/// <param name="Tape">The running step.</param>
/// <param name="Offsets">The documents of the stream.</param>
/// <param name="Positions">[tokens]: position of each token in its document.</param>
/// <param name="RotaryTable">None with learned positions.</param>
/// <param name="Cache">Keys and values of the tokens before, when generating; otherwise null.</param>
/// <param name="Dropout">What is dropped: nothing, unless in training.</param>
internal readonly record struct StreamContext(
    Tape Tape, DocumentOffsets Offsets, IndexTensor Positions, Tensor RotaryTable, KeyValueCache? Cache, DropoutOptions Dropout);
