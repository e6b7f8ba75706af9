// Tries to show that a scorer cheats: one of ours, one of your own assembly, or any program that reads token ids and writes nats.
using System.CommandLine;
using TinyLM;

var checkpoint = new Option<string?>("--checkpoint") { Description = "folder of a checkpoint, or of a run: the model that scores, its vocabulary and the id that begins documents" };
var scorer = new Option<string?>("--scorer") { Description = "one of ours, as Score names them: packed, chunked, strided:STRIDE, ttt:CHUNK, ttt-streaming:CHUNK" };
var assembly = new Option<string?>("--assembly") { Description = "an assembly with a scorer of your own" };
var type = new Option<string?>("--type") { Description = "the scorer in it: an IScorer whose constructor takes a Gpt" };
var program = new Option<string?>("--program") { Description = "a program that scores: 'my-scorer --ids {ids} --nats {nats}'; a JSON array a line and document in both files" };
var vocabulary = new Option<int?>("--vocabulary") { Description = "of a program without --checkpoint: how many ids there are" };
var contextId = new Option<int?>("--context-id") { Description = "of a program without --checkpoint: the id that begins each document" };
var withoutContextId = new Option<bool>("--without-context-id") { Description = "that id must not come within a document" };
var window = new Option<int?>("--window") { Description = "about how many tokens a target sees (default: 64, or the model's context if that is less); ours are made with it" };
var stride = new Option<int?>("--stride") { Description = "about how many targets are scored together (default: a quarter of the window); ours are made with it" };
var scoreEnd = new Option<bool>("--score-end") { Description = "the scorer scores the end of each document, too" };
var ids = new Option<string?>("--ids") { Description = "documents to try it on, a JSON array a line (default: random ones)" };
var tolerance = new Option<double>("--tolerance")
{
    Description = "how far a score may move with its company, in nats (of larger scores, in parts of them)",
    DefaultValueFactory = _ => ScorerAuditOptions.DefaultTolerance,
};
var timeLimit = new Option<double>("--time-limit") { Description = "seconds that a program may take for one call", DefaultValueFactory = _ => 600 };
var device = new Option<string>("--device") { Description = "auto, cpu, interpreted or cuda", DefaultValueFactory = _ => "auto" };
var threads = new Option<int?>("--threads") { Description = "CPU threads (default: one a core)" };
var command = new RootCommand("Probes a scorer for the four conditions of an honest score, and prints what broke one. Exit code 0: all passed, 1: not all, 2: a mistake.")
{
    checkpoint, scorer, assembly, type, program, vocabulary, contextId, withoutContextId, window, stride, scoreEnd, ids, tolerance, timeLimit, device, threads,
};
var testTimeTraining = new TestTimeTrainingCommandLine();
testTimeTraining.AddTo(command);

return CommandLine.Run(command, args, arguments => AuditRun.Execute(
    new AuditOptions
    {
        Checkpoint = arguments.GetValue(checkpoint),
        Scorer = arguments.GetValue(scorer),
        Assembly = arguments.GetValue(assembly),
        Type = arguments.GetValue(type),
        Program = arguments.GetValue(program),
        Vocabulary = arguments.GetValue(vocabulary),
        ContextId = arguments.GetValue(contextId),
        ScoresContextId = !arguments.GetValue(withoutContextId),
        Window = arguments.GetValue(window),
        Stride = arguments.GetValue(stride),
        ScoreEnd = arguments.GetValue(scoreEnd),
        TestTimeTraining = testTimeTraining.Read(arguments),
        Tolerance = arguments.GetValue(tolerance),
        Ids = arguments.GetValue(ids),
        TimeLimit = arguments.GetValue(timeLimit),
        Device = arguments.GetValue(device)!,
        Threads = arguments.GetValue(threads),
    },
    new TrainingDisplay()).Passed ? 0 : 1);
