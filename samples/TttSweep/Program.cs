// Scores documents by test-time training under a grid of chunks, modes, rates, ranks, layers and limits of steps, and draws loss over time and loss over the chunk size.
using System.CommandLine;
using TinyLM;

var checkpoint = new Option<string>("--checkpoint") { Description = "folder of a checkpoint, or of a run: then its best one", Required = true };
var corpus = new Option<string?>("--corpus") { Description = "kind of the documents, as of Pretrain. Default: what the run has held out" };
var text = new Option<string?>("--text") { Description = "file, folder or pattern of the documents" };
var begin = new Option<string?>("--begin") { Description = "as of Pretrain" };
var ids = new Option<string?>("--ids") { Description = "ready token ids instead, as of Score" };
var maxTokens = new Option<long?>("--max-tokens") { Description = "score the first documents only that have so many tokens together" };
var window = new Option<int?>("--window") { Description = "tokens that a target sees at most (default: the model's context)" };
var chunks = new Option<int[]>("--chunks") { Description = "targets of a chunk", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [256, 128, 64, 32] };
var rates = new Option<double[]>("--rates") { Description = "learning rates", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [1e-3, 3e-3, 1e-2] };
var ranks = new Option<int[]>("--ranks") { Description = "ranks of the adapters", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [8] };
var layers = new Option<int[]>("--layers") { Description = "layers that are adapted, the last ones; 0: all", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [0] };
var stepLimits = new Option<int[]>("--step-limits") { Description = "steps after which a document's adapter stays as it is; 0: none", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [0] };
var modes = new Option<string[]>("--modes") { Description = "of strided, ttt, ttt-streaming", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["strided", "ttt", "ttt-streaming"] };
var output = new Option<string>("--out") { Description = "folder of the results; points that it holds already are not scored again", DefaultValueFactory = _ => "scores/ttt-sweep" };
var device = new Option<string>("--device") { Description = "auto, cpu, interpreted or cuda", DefaultValueFactory = _ => "auto" };
var threads = new Option<int?>("--threads") { Description = "CPU threads (default: one a core)" };
var command = new RootCommand("Test-time training under a grid of settings; the same command goes on where it was stopped.")
{
    checkpoint, corpus, text, begin, ids, maxTokens, window, chunks, rates, ranks, layers, stepLimits, modes, output, device, threads,
};
var testTimeTraining = new TestTimeTrainingCommandLine();
testTimeTraining.AddTo(command, hasGrid: true);

return CommandLine.Run(command, args, (arguments, stop) =>
{
    var options = new TttSweepOptions
    {
        Score = new ScoreOptions
        {
            Checkpoint = arguments.GetValue(checkpoint)!,
            Corpus = arguments.GetValue(corpus),
            Text = arguments.GetValue(text),
            Begin = arguments.GetValue(begin),
            Ids = arguments.GetValue(ids),
            MaxTokens = arguments.GetValue(maxTokens),
            Window = arguments.GetValue(window),
            TestTimeTraining = testTimeTraining.Read(arguments),
            Device = arguments.GetValue(device)!,
            Threads = arguments.GetValue(threads),
        },
        Chunks = arguments.GetValue(chunks)!,
        LearningRates = arguments.GetValue(rates)!,
        Ranks = arguments.GetValue(ranks)!,
        Layers = arguments.GetValue(layers)!,
        StepLimits = arguments.GetValue(stepLimits)!,
        Modes = arguments.GetValue(modes)!,
        Out = arguments.GetValue(output)!,
    };
    TttSweep.Run(options, new TrainingDisplay(), stop);
    return 0;
});
