using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace TinyLM.Tests.Checkpoints;

/// <summary>
/// Each file of a checkpoint, malformed in ten ways and with a manifest that agrees: one clear line that names the file, and little memory. What disagrees
/// with its manifest is refused before (<see cref="CheckpointFolderTests"/>).
/// </summary>
public class MalformedCheckpointTests
{
    private static readonly GptConfig Config = GptConfig.Llama(1, 2, 16, TinyModels.Context, TinyModels.Vocabulary);
    private static readonly TrainingConfig Training = new() { TokensPerStep = 24, Steps = 8, WarmUpSteps = 2 };
    private static readonly TokenizedDocuments Documents = TinyModels.Documents(5, 5, 9, 2, 12, 7, 7, 20, 3);
    private static readonly CharacterTokenizer Tokenizer = CharacterTokenizer.FromTexts(["abcdef"]);

    public static IEnumerable<TestCaseData> Jsons()
    {
        foreach (string file in new[] { "config.json", "training.json", "state.json" })
        {
            yield return Case(file, "empty", "", "is not a valid");
            yield return Case(file, "null", "null", "it is null");
            yield return Case(file, "a list", "[1, 2]", "is not a valid");
            yield return Case(file, "cut short", """{"seed": 1, """, "is not a valid");
            yield return Case(file, "a field that nobody knows", """{"path": "../../etc"}""", "path");
            yield return Case(file, "two values", "{} {}", "is not a valid");
            yield return Case(file, "no UTF-8", "{\"\u00ff\": 1}", "is not a valid", Encoding.Latin1);
            yield return Case(file, "objects in objects", string.Concat(Enumerable.Repeat("{\"a\":", 10_000)), "is not a valid");
            yield return Case(file, "two megabytes", new string(' ', 2 << 20) + "{}", "has 2097154 bytes");
        }

        yield return Case("config.json", "a field missing", """{"width": 16}""", "is not a valid GptConfig");
        yield return Case("config.json", "a width that its heads do not divide", Changed("\"width\": 16", "\"width\": 17"), "Width 17 is not a multiple of HeadCount 2");
        yield return Case("config.json", "a field twice", Changed("\"width\": 16", "\"width\": 16, \"width\": 16"), "width");
        yield return Case("config.json", "two billion layers", Changed("\"layerCount\": 1,", "\"layerCount\": 2000000000,"), "tells of a model of");
        yield return Case("config.json", "a vocabulary of two billion", Changed("\"vocabularySize\": 11,", "\"vocabularySize\": 2000000000,"), "tells of a model of");
        yield return Case("config.json", "a negative width", Changed("\"width\": 16", "\"width\": -16"), "Width is -16, expected at least 1");
        yield return Case("training.json", "a rate of the wrong kind", """{"learningRate": "fast"}""", "is not a valid TrainingConfig");
        yield return Case("training.json", "a negative rate", Replaced(Training, TrainingJson.Default.TrainingConfig, "\"learningRate\": 0.001", "\"learningRate\": -1"), "-1, expected more than 0");
        yield return Case(
            "training.json", "a field that is missing", Replaced(Training, TrainingJson.Default.TrainingConfig, "\"beta1\": 0.9,", ""), "beta1");
        yield return Case(
            "training.json", "another recipe", Replaced(Training, TrainingJson.Default.TrainingConfig, "\"beta1\": 0.9,", "\"beta1\": 0.8,"), "tells of another run");
        yield return Case("training.json", "an unknown layout", """{"layout": "Scattered"}""", "is not a valid TrainingConfig");
        yield return Case("state.json", "nothing in it", "{}", "is not a valid TrainerState");
        yield return Case("state.json", "a negative step", State("\"step\":0", "\"step\":-1"), "is no state of a run");
        yield return Case("state.json", "no fingerprint", State("\"x\"", "null"), "is not a valid TrainerState");
        yield return Case("state.json", "other data", State("\"x\"", "\"y\""), "the corpus is not the one");
        yield return Case("state.json", "a step beyond its epoch", State("\"epochStep\":0", "\"epochStep\":2000000000").Replace("\"x\"", $"\"{Documents.Fingerprint()}\"", StringComparison.Ordinal), "that epoch has no such step");

        static string State(string from, string to) =>
            """{"step":0,"totalSteps":8,"tokens":0,"seconds":0,"epoch":0,"epochStep":0,"size":{"tokens":24,"sequenceLength":12},"dataFingerprint":"x"}""".Replace(from, to, StringComparison.Ordinal);
        static string Changed(string from, string to) => Replaced(Config, TrainingJson.Default.GptConfig, from, to);
    }

    public static IEnumerable<TestCaseData> Tokenizers()
    {
        const string file = "tokenizer.json";
        yield return Case(file, "empty", "", "is not valid JSON");
        yield return Case(file, "null", "null", "is no JSON object");
        yield return Case(file, "a list", "[]", "is no JSON object");
        yield return Case(file, "cut short", """{"type": "char""", "is not valid JSON");
        yield return Case(file, "no type", "{}", "type is missing");
        yield return Case(file, "an unknown type", """{"type": "pickle"}""", "'pickle'");
        yield return Case(file, "a type that is a number", """{"type": 1}""", "'type' is a number, expected text");
        yield return Case(file, "a field twice", """{"type": "bytes", "type": "bytes"}""", "is not valid JSON");
        yield return Case(file, "no characters", """{"type": "characters"}""", file);
        yield return Case(file, "characters that are a number", """{"type": "characters", "characters": 5}""", file);
        yield return Case(file, "a character twice", """{"type": "characters", "characters": "aa"}""", file);
        yield return Case(file, "objects in objects", string.Concat(Enumerable.Repeat("{\"a\":", 10_000)), "is not valid JSON");
    }

    public static IEnumerable<TestCaseData> Tensors()
    {
        foreach (string file in new[] { "model.safetensors", "optimizer.safetensors" })
        {
            yield return Bytes(file, "empty", _ => [], "expected at least 8");
            yield return Bytes(file, "cut short", bytes => bytes[..^2], "the file is truncated");
            yield return Bytes(file, "cut within the header", bytes => bytes[..20], "claims a header of");
            yield return Bytes(file, "a byte too many", bytes => [.. bytes, 0], "1 bytes follow the last tensor");
            yield return Bytes(file, "a header of 2⁶³ bytes", bytes => [.. BitConverter.GetBytes(1UL << 63), .. bytes[8..]], "claims a header of");
            yield return Bytes(file, "a header of 90 million bytes", bytes => [.. BitConverter.GetBytes(90_000_000L), .. bytes[8..]], "claims a header of");
            yield return Bytes(file, "a header that is none", bytes => [.. bytes[..8], .. new byte[bytes.Length - 8]], "does not begin with '{'");
            yield return Bytes(file, "not a number", bytes => [.. bytes[..^4], .. BitConverter.GetBytes(float.NaN)], "has NaN at [");
            yield return Bytes(file, "infinity", bytes => [.. bytes[..^4], .. BitConverter.GetBytes(float.NegativeInfinity)], "has -infinity at [");
            yield return Bytes(file, "one name twice", _ => Saved("{\"a\":" + Tensor(0, 4) + ",\"a\":" + Tensor(4, 8) + "}", 8), "'a' appears twice");
            yield return Bytes(file, "a tensor missing", _ => Saved("{\"../a\":" + Tensor(0, 4) + "}", 4), "has no tensor");
            yield return Bytes(file, "tensors on the same bytes", _ => Saved("{\"a\":" + Tensor(0, 4) + ",\"b\":" + Tensor(0, 4) + "}", 4), "begins at 0, expected 4");
        }

        yield return Bytes("model.safetensors", "another shape", _ => Named("embedding.weight"), "embedding.weight F32 [1], expected the shape [11, 16]");
        yield return Bytes("optimizer.safetensors", "another shape", _ => Named("first"), "first F32 [1], expected the shape");

        static string Tensor(int start, int end) => $$"""{"dtype":"F32","shape":[1],"data_offsets":[{{start}},{{end}}]}""";
        static byte[] Named(string name) => Saved($$"""{"{{name}}":{{Tensor(0, 4)}}}""", 4);
        static byte[] Saved(string header, int length) => SafetensorsTests.File(header, new byte[length]);
    }

    [TestCaseSource(nameof(Jsons)), TestCaseSource(nameof(Tokenizers)), TestCaseSource(nameof(Tensors))]
    public void It_is_refused_in_one_line_with_little_memory(string file, Func<byte[], byte[]> malform, string expected)
    {
        using var folder = new TemporaryFolder();
        using Device device = Device.Open("cpu", 1);
        var trainer = new Trainer(new Gpt(device, Config, 1), Documents, Training);
        var checkpoints = new CheckpointFolder(folder.Path);
        Checkpoint good = TrainingCheckpoint.Save(checkpoints, trainer, Tokenizer);
        Load(good, trainer);
        Checkpoint bad = checkpoints.Save(1, [.. good.FileNames.Select(name =>
        {
            byte[] bytes = File.ReadAllBytes(Path.Combine(good.FolderPath, name));
            return new CheckpointFile(name, stream => stream.Write(name == file ? malform(bytes) : bytes));
        })]);
        bad.Verify();
        long before = GC.GetAllocatedBytesForCurrentThread();
        UserErrors.ExpectMistake(() => Load(bad, trainer), expected);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(8 << 20));
    }

    [TestCase("""{"format":"tinylm-checkpoint","version":1,"step":1,"sequence":1,"files":[{"name":"a","length":1,"sha256":"0"},{"name":"A","length":1,"sha256":"0"}]}""", "'A' is not valid")]
    [TestCase("""{"format":"tinylm-checkpoint","version":1,"step":1,"sequence":1,"files":[{"name":"/etc/passwd","length":1,"sha256":"0"}]}""", "'/etc/passwd' is not valid")]
    [TestCase("""{"format":"tinylm-checkpoint","version":1,"step":1,"sequence":1,"files":[{"name":"manifest.json","length":1,"sha256":"0"}]}""", "'manifest.json' is not valid")]
    [TestCase("""{"format":"tinylm-checkpoint","version":1,"step":1,"sequence":9223372036854775807,"files":[]}""", "version 1")]
    [TestCase("""{"format":"tinylm-checkpoint","version":1,"step":1,"sequence":1,"files":[],"validationLoss":"low"}""", "is not a checkpoint's manifest")]
    [TestCase("""{"format":"tinylm-checkpoint","version":1,"step":1,"seq""", "is not a checkpoint's manifest")]
    [TestCase("", "is not a checkpoint's manifest")]
    [TestCase("null", "is not a checkpoint's manifest")]
    [TestCase("[]", "is not a checkpoint's manifest")]
    [TestCase("{}", "is not a checkpoint's manifest")]
    public void A_manifest_that_lies_is_refused_in_one_line(string json, string expected)
    {
        using var folder = new TemporaryFolder();
        folder.Write("step-000007/manifest.json", json);
        UserErrors.ExpectMistake(() => Checkpoint.Open(folder.File("step-000007")), "manifest.json", expected);
    }

    [Test]
    public void A_manifest_of_two_megabytes_is_refused_unread()
    {
        using var folder = new TemporaryFolder();
        folder.Write("step-000007/manifest.json", new string(' ', 2 << 20));
        UserErrors.ExpectMistake(() => Checkpoint.Open(folder.File("step-000007")), "has 2097152 bytes");
    }

    [TestCase("", "is not a valid RunConfig")]
    [TestCase("null", "it is null")]
    [TestCase("[]", "is not a valid RunConfig")]
    [TestCase("{}", "is not a valid RunConfig")]
    [TestCase("""{"preset": "names", """, "is not a valid RunConfig")]
    [TestCase("""{"preset": "names", "preset": "names"}""", "is not a valid RunConfig")]
    [TestCase("""{"preset": "names", "data": null}""", "is not a valid RunConfig")]
    [TestCase("""{"preset": 5}""", "is not a valid RunConfig")]
    [TestCase("""{"nobody knows": 5}""", "nobody knows")]
    [TestCase("2MB", "has 2097152 bytes")]
    public void A_malformed_config_of_a_run_costs_one_line(string json, string expected)
    {
        using var folder = new TemporaryFolder();
        folder.Write("run.json", json == "2MB" ? new string(' ', 2 << 20) : json);
        var options = new PretrainOptions { Out = folder.Path, Resume = true };
        UserErrors.ExpectMistake(() => RunFolder.Open(options).Config(options), "run.json", expected);
    }

    private static string Replaced<T>(T value, JsonTypeInfo<T> type, string from, string to)
    {
        string json = JsonSerializer.Serialize(value, type);
        Assert.That(json, Does.Contain(from));
        return json.Replace(from, to, StringComparison.Ordinal);
    }

    /// <summary>All that a resume reads.</summary>
    private static void Load(Checkpoint checkpoint, Trainer trainer)
    {
        TrainingCheckpoint.Resume(checkpoint, trainer);
        TrainingCheckpoint.ReadConfig(checkpoint);
        TrainingCheckpoint.ReadTraining(checkpoint);
        TrainingCheckpoint.ReadTokenizer(checkpoint);
    }

    private static TestCaseData Case(string file, string name, string text, string expected, Encoding? encoding = null) =>
        Bytes(file, name, _ => (encoding ?? Encoding.UTF8).GetBytes(text), expected);

    private static TestCaseData Bytes(string file, string name, Func<byte[], byte[]> malform, string expected) =>
        new TestCaseData(file, malform, expected).SetArgDisplayNames(file, name);
}
