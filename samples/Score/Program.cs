// Scores documents with a saved model, under one scorer or a ladder of them, and compares scores that lie in files.
using System.CommandLine;
using TinyLM;

var checkpoint = new Option<string?>("--checkpoint") { Description = "folder of a checkpoint, or of a run: then its best one" };
var corpus = new Option<string?>("--corpus") { Description = "kind of the documents, as of Pretrain; all of them are scored. Default: what the run has held out" };
var text = new Option<string?>("--text") { Description = "file, folder or pattern of the documents" };
var field = new Option<string?>("--field") { Description = "as of Pretrain" };
var begin = new Option<string?>("--begin") { Description = "as of Pretrain" };
var end = new Option<string?>("--end") { Description = "as of Pretrain" };
var ids = new Option<string?>("--ids") { Description = "ready token ids instead: a JSON array a line and document, whose first id is context only" };
var scorer = new Option<string[]>("--scorer")
{
    Description = "packed, chunked, strided or strided:STRIDE; several make a ladder: --scorer packed chunked strided:128",
    AllowMultipleArgumentsPerToken = true,
    DefaultValueFactory = _ => ["strided"],
};
var window = new Option<int?>("--window") { Description = "tokens that a target sees at most (default: the model's context)" };
var stride = new Option<int?>("--stride") { Description = "targets of a chunk (default: a quarter of the window)" };
var scoreEnd = new Option<bool?>("--score-end") { Description = "whether the end of each document is a target (default: as in training)" };
var maxDocuments = new Option<int?>("--max-documents") { Description = "score the first documents only" };
var maxTokens = new Option<long?>("--max-tokens") { Description = "score the first documents only that have so many tokens together" };
var output = new Option<string?>("--out") { Description = "folder of the results (default: a new one under scores/; with --nats none)" };
var nats = new Option<string?>("--nats") { Description = "file for every single score: a JSON array a line and document" };
var compare = new Option<string[]>("--compare") { Description = "two files or folders of scores, and nothing else: the paired difference, second minus first", Arity = new ArgumentArity(2, 2), AllowMultipleArgumentsPerToken = true };
var explain = new Option<string?>("--explain") { Description = "an SVG file, and nothing else: a picture of which tokens each target sees under each scorer" };
var cache = new Option<string?>("--cache") { Description = "as of Pretrain" };
var device = new Option<string>("--device") { Description = "auto, cpu, interpreted or cuda", DefaultValueFactory = _ => "auto" };
var threads = new Option<int?>("--threads") { Description = "CPU threads (default: one a core); the scores do not depend on it" };
var command = new RootCommand("Scores documents with a saved model and compares scores.")
{
    checkpoint, corpus, text, field, begin, end, ids, scorer, window, stride, scoreEnd, maxDocuments, maxTokens, output, nats, compare, explain, cache, device, threads,
};

return CommandLine.Run(command, args, (arguments, stop) =>
{
    var display = new TrainingDisplay();
    if (arguments.GetValue(compare) is [{ } first, { } second])
    {
        display.Comparison(ScoreFiles.Compare(first, second));
        return 0;
    }

    if (arguments.GetValue(explain) is { } picture)
    {
        SightPicture.Save(picture);
        return 0;
    }

    ScoreRun.Execute(
        new ScoreOptions
        {
            Checkpoint = arguments.GetValue(checkpoint) ?? throw new UserException("--checkpoint: expected the folder of a checkpoint or a run."),
            Corpus = arguments.GetValue(corpus),
            Text = arguments.GetValue(text),
            Field = arguments.GetValue(field),
            Begin = arguments.GetValue(begin),
            End = arguments.GetValue(end),
            Ids = arguments.GetValue(ids),
            Scorers = [.. arguments.GetValue(scorer)!.SelectMany(names => names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))],
            Window = arguments.GetValue(window),
            Stride = arguments.GetValue(stride),
            ScoreEnd = arguments.GetValue(scoreEnd),
            MaxDocuments = arguments.GetValue(maxDocuments),
            MaxTokens = arguments.GetValue(maxTokens),
            Out = arguments.GetValue(output),
            Nats = arguments.GetValue(nats),
            Cache = arguments.GetValue(cache),
            Device = arguments.GetValue(device)!,
            Threads = arguments.GetValue(threads),
        },
        display, stop);
    return 0;
});
