// Trains a model for every point of a grid of settings, with several seeds, and ranks the points by their validation loss.
using System.CommandLine;
using Spectre.Console;
using TinyLM;

var set = new Option<string[]>("--set")
{
    Description = "fields of the config with the values to try: --set training.learningRate=1e-3,3e-3 model.width=64,128",
    AllowMultipleArgumentsPerToken = true,
};
var seeds = new Option<int>("--seeds") { Description = "runs of each point, with seeds 1, 2, …", DefaultValueFactory = _ => 1 };
var by = new Option<string>("--by") { Description = "the score to rank by: packed, strided, or of an average: \"packed, ema\"", DefaultValueFactory = _ => "packed" };
var output = new Option<string>("--out") { Description = "folder of the runs; those that it holds already are not run again", DefaultValueFactory = _ => "runs/sweep" };
var corpus = new Option<string?>("--corpus") { Description = "as of Pretrain" };
var text = new Option<string?>("--text") { Description = "as of Pretrain" };
var tokenizer = new Option<string?>("--tokenizer") { Description = "as of Pretrain" };
var preset = new Option<string?>("--preset") { Description = "as of Pretrain" };
var steps = new Option<int?>("--steps") { Description = "training steps of each run; default: the preset's" };
var device = new Option<string>("--device") { Description = "as of Pretrain", DefaultValueFactory = _ => "auto" };
var threads = new Option<int?>("--threads") { Description = "as of Pretrain" };
var command = new RootCommand("Trains a model for every point of a grid of settings and ranks them.") { set, seeds, by, output, corpus, text, tokenizer, preset, steps, device, threads };

return CommandLine.Run(command, args, (arguments, stop) =>
{
    var options = new PretrainOptions
    {
        Set = arguments.GetValue(set) ?? [],
        Out = arguments.GetValue(output),
        Corpus = arguments.GetValue(corpus),
        Text = arguments.GetValue(text),
        Tokenizer = arguments.GetValue(tokenizer),
        Preset = arguments.GetValue(preset),
        Steps = arguments.GetValue(steps),
        Device = arguments.GetValue(device)!,
        Threads = arguments.GetValue(threads),
    };
    string score = arguments.GetValue(by)!;
    if (Sweep.Run(options, arguments.GetValue(seeds), score, Console.WriteLine, stop) is { } rows)
    {
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 160);
        SweepTable.Print(AnsiConsole.Console, rows, score);
    }

    return 0;
});
