// Trains a small GPT on documents, scores it, and lets it write. With no arguments: on the reference documentation of the .NET SDK.
using System.CommandLine;
using TinyLM;

var corpus = new Option<string?>("--corpus") { Description = "sdk-docs (default), text (one running text, or cut by --begin or --end), lines (one document a line), folder (one document a file), jsonl, parquet or tokens (ready GPT-2 tokens: .bin shards, slowrun's archive)" };
var text = new Option<string?>("--text") { Description = "the file, folder or pattern (data/train-*.parquet) of the corpus, packed with gzip or zstd or not" };
var validation = new Option<string?>("--validation") { Description = "file, folder or pattern of held-out documents; default: a tenth of the corpus, chosen by content" };
var field = new Option<string?>("--field") { Description = "field or column of jsonl and parquet that holds the text (default: text)" };
var begin = new Option<string?>("--begin") { Description = "regular expression of a line of a text that begins a document" };
var end = new Option<string?>("--end") { Description = "mark in a text that ends a document, such as <|endoftext|>" };
var cache = new Option<string?>("--cache") { Description = "folder where tokenized corpora are kept (default: token-cache beside the run's folder)" };
var tokenizer = new Option<string?>("--tokenizer") { Description = "bytes (default), characters, gpt2, bpe or bpe:SIZE (learnt from the corpus; 4096 ids), or a tokenizer.json, or a folder with one or with vocab.json and merges.txt" };
var preset = new Option<string?>("--preset") { Description = "shape and recipe: pretrain-default, shakespeare-small, shakespeare or names" };
var set = new Option<string[]>("--set")
{
    Description = "fields of the config, as path=value: --set model.width=64 training.weightDecay=0.2",
    AllowMultipleArgumentsPerToken = true,
};
var showConfig = new Option<bool>("--show-config") { Description = "print all fields of the config with their values, and do nothing else" };
var layout = new Option<string?>("--layout") { Description = "documents, packed, packed-isolated, unpacked or best-fit; default: the preset's" };
var shuffle = new Option<string?>("--shuffle") { Description = "what each epoch draws anew: documents or fixed-rows; default: the preset's" };
var showLayouts = new Option<bool>("--show-layouts") { Description = "print what each layout would cost over this corpus with this tokenizer, and do nothing else" };
var steps = new Option<int?>("--steps") { Description = "training steps; default: the preset's, or as many as fit in --minutes" };
var minutes = new Option<double?>("--minutes") { Description = "training time to aim at, for a run without --steps" };
var learningRate = new Option<double?>("--learning-rate") { Description = "peak learning rate; default: the preset's" };
var seed = new Option<ulong?>("--seed") { Description = "of weights, data order and samples (default 1)" };
var validationTokens = new Option<int?>("--validation-tokens") { Description = "held-out tokens that are scored at most" };
var prompt = new Option<string?>("--prompt") { Description = "begin of the sampled texts; default: Method System. for sdk-docs, else nothing" };
var output = new Option<string?>("--out") { Description = "folder of the run (default: a new one under runs/)" };
var resume = new Option<bool>("--resume") { Description = "go on with the run in --out, or with the newest under runs/" };
var device = new Option<string>("--device") { Description = "auto, cpu, interpreted or cuda", DefaultValueFactory = _ => "auto" };
var threads = new Option<int?>("--threads") { Description = "CPU threads (default: one a core, or as many as the container allows); the result does not depend on it" };
var saveSeconds = new Option<double>("--save-seconds") { Description = "seconds between checkpoints", DefaultValueFactory = _ => 20 };
var keep = new Option<int>("--keep") { Description = "newest checkpoints that are kept, beside the best", DefaultValueFactory = _ => CheckpointFolder.DefaultKeepCount };
var validateEvery = new Option<int?>("--validate-every") { Description = "steps from one validation during training to the next, 0 for none; default: twenty times a run" };
var recompute = new Option<bool>("--recompute") { Description = "compute each block again in the backward pass: less memory, more time, the same result" };
var detectAnomalies = new Option<bool>("--detect-anomalies") { Description = "stop at the first NaN or infinity and name the op, the tensor and the step; slow" };
var profile = new Option<bool>("--profile") { Description = "print where the time of the training steps went: time, calls, bytes and share of peak of each op" };

var command = new RootCommand("Trains a small GPT on documents, scores it under packed and strided scoring, and samples from it.")
{
    corpus, text, validation, field, begin, end, cache, tokenizer, preset, set, showConfig, layout, shuffle, showLayouts, steps, minutes, learningRate, seed, validationTokens, prompt, output,
    resume, device, threads, saveSeconds, keep, validateEvery, recompute, detectAnomalies, profile,
};

return CommandLine.Run(command, args, (arguments, stop) =>
{
    var options = new PretrainOptions
    {
        Corpus = arguments.GetValue(corpus),
        Text = arguments.GetValue(text),
        Validation = arguments.GetValue(validation),
        Field = arguments.GetValue(field),
        Begin = arguments.GetValue(begin),
        End = arguments.GetValue(end),
        Cache = arguments.GetValue(cache),
        Tokenizer = arguments.GetValue(tokenizer),
        Preset = arguments.GetValue(preset),
        Set = arguments.GetValue(set) ?? [],
        Layout = arguments.GetValue(layout),
        Shuffle = arguments.GetValue(shuffle),
        ShowLayouts = arguments.GetValue(showLayouts),
        Steps = arguments.GetValue(steps),
        Minutes = arguments.GetValue(minutes),
        LearningRate = arguments.GetValue(learningRate),
        Seed = arguments.GetValue(seed),
        ValidationTokens = arguments.GetValue(validationTokens),
        Prompt = arguments.GetValue(prompt),
        Out = arguments.GetValue(output),
        Resume = arguments.GetValue(resume),
        Device = arguments.GetValue(device)!,
        Threads = arguments.GetValue(threads),
        SaveSeconds = arguments.GetValue(saveSeconds),
        Keep = arguments.GetValue(keep),
        ValidateEvery = arguments.GetValue(validateEvery),
        Recompute = arguments.GetValue(recompute),
        DetectAnomalies = arguments.GetValue(detectAnomalies),
        Profile = arguments.GetValue(profile),
    };
    if (arguments.GetValue(showConfig))
    {
        Console.WriteLine(RunFolder.Open(options).Config(options).ToJson());
        return 0;
    }

    PretrainRun.Execute(options, new TrainingDisplay(), stop);
    return 0;
});
