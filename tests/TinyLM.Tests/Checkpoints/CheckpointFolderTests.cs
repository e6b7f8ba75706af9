using System.Text;

namespace TinyLM.Tests.Checkpoints;

public class CheckpointFolderTests
{
    [Test]
    public void A_checkpoint_survives_the_way_there_and_back()
    {
        using var folder = new TemporaryFolder();
        var checkpoints = new CheckpointFolder(folder.File("runs/a"));
        Checkpoint saved = checkpoints.Save(123, Content("hello"));
        Checkpoint found = checkpoints.FindNewestWhole()!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Path.GetFileName(saved.FolderPath), Is.EqualTo("step-000123"));
            Assert.That((saved.Step, found.Step), Is.EqualTo((123, 123)));
            Assert.That(found.FileNames, Is.EqualTo(new[] { "model.safetensors", "state.json" }));
            Assert.That(Text(found, "state.json"), Is.EqualTo("state of hello"));
            Assert.That(Text(Checkpoint.Open(saved.FolderPath), "model.safetensors"), Does.StartWith("hello"));
            UserErrors.ExpectMistake(() => found.Read("config.json", _ => { }), "has no file 'config.json', only model.safetensors, state.json");
        }
    }

    [Test]
    public void The_newest_two_are_kept()
    {
        using var folder = new TemporaryFolder();
        var checkpoints = new CheckpointFolder(folder.Path);
        foreach (int step in new[] { 10, 20, 30, 40 })
        {
            checkpoints.Save(step, Content($"{step}"));
        }

        Assert.That(checkpoints.List().Select(checkpoint => checkpoint.Step), Is.EqualTo(new[] { 40, 30 }));
        Assert.That(Directory.GetFileSystemEntries(folder.Path), Has.Length.EqualTo(2));
    }

    [Test]
    public void The_newest_is_the_one_saved_last_and_a_step_may_be_saved_again()
    {
        using var folder = new TemporaryFolder();
        var checkpoints = new CheckpointFolder(folder.Path, keepCount: 3);
        checkpoints.Save(50, Content("abandoned"));
        checkpoints.Save(40, Content("first"));
        Checkpoint again = checkpoints.Save(40, Content("second"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Path.GetFileName(again.FolderPath), Is.EqualTo("step-000040-2"));
            Assert.That(Text(checkpoints.FindNewestWhole()!, "state.json"), Is.EqualTo("state of second"));
            Assert.That(checkpoints.List().Select(checkpoint => checkpoint.Step), Is.EqualTo(new[] { 40, 40, 50 }));
        }
    }

    [Test]
    public void A_damaged_checkpoint_is_reported_and_the_one_before_is_found()
    {
        using var folder = new TemporaryFolder();
        var checkpoints = new CheckpointFolder(folder.Path);
        checkpoints.Save(1, Content("one"));
        Checkpoint two = checkpoints.Save(2, Content("two"));
        string model = Path.Combine(two.FolderPath, "model.safetensors"), state = Path.Combine(two.FolderPath, "state.json");
        byte[] bytes = File.ReadAllBytes(model);

        File.WriteAllBytes(model, bytes[..^1]);
        ExpectDamage("is truncated");
        File.WriteAllBytes(model, [.. bytes, 0]);
        ExpectDamage("is not the file that was saved");
        bytes[5] ^= 1;
        File.WriteAllBytes(model, bytes);
        ExpectDamage("is altered, or another checkpoint's");
        File.Copy(Path.Combine(checkpoints.List()[1].FolderPath, "model.safetensors"), model, overwrite: true);
        ExpectDamage("is altered, or another checkpoint's");
        File.Delete(state);
        File.WriteAllBytes(model, bytes);
        bytes[5] ^= 1;
        File.WriteAllBytes(model, bytes);
        ExpectDamage("state.json: no such file");

        void ExpectDamage(string expected)
        {
            var lines = new List<string>();
            using (Assert.EnterMultipleScope())
            {
                Assert.That(checkpoints.FindNewestWhole(lines.Add)!.Step, Is.EqualTo(1));
                Assert.That(lines, Has.Count.EqualTo(1));
                Assert.That(lines, Has.Some.Contains(expected));
                UserErrors.ExpectMistake(two.Verify, expected);
            }
        }
    }

    [Test]
    public void A_damaged_checkpoint_does_not_count_as_one_of_those_kept()
    {
        using var folder = new TemporaryFolder();
        var checkpoints = new CheckpointFolder(folder.Path);
        checkpoints.Save(1, Content("one"));
        File.Delete(Path.Combine(checkpoints.Save(2, Content("two")).FolderPath, "state.json"));
        checkpoints.Save(3, Content("three"));
        Assert.That(checkpoints.List().Select(checkpoint => checkpoint.Step), Is.EqualTo(new[] { 3, 2, 1 }));
    }

    [Test]
    public void What_is_no_checkpoint_costs_one_line()
    {
        using var folder = new TemporaryFolder();
        using (Assert.EnterMultipleScope())
        {
            UserErrors.ExpectMistake(() => Checkpoint.Open(folder.File("absent")), "no such folder");
            UserErrors.ExpectMistake(() => Checkpoint.Open(folder.Path), "is not a checkpoint, or one whose saving was cut short");
            UserErrors.ExpectMistake(() => Checkpoint.Open(folder.Write("file", "x")), "is a file, expected a checkpoint's folder");
            UserErrors.ExpectMistake(() => _ = new CheckpointFolder(folder.File("file")), "is a file, expected a folder");
            UserErrors.ExpectMistake(() => _ = new CheckpointFolder(folder.Path, 0), "0 are to be kept");
            Assert.That(new CheckpointFolder(folder.File("absent")).FindNewestWhole(), Is.Null);
            Assert.That(() => new CheckpointFolder(folder.Path).Save(1, [new("../x", _ => { })]), Throws.ArgumentException);
            Assert.That(() => new CheckpointFolder(folder.Path).Save(1, [new("manifest.json", _ => { })]), Throws.ArgumentException);
        }
    }

    [TestCase("", "is not a checkpoint's manifest")]
    [TestCase("null", "is not a checkpoint's manifest")]
    [TestCase("[1]", "is not a checkpoint's manifest")]
    [TestCase("{}", "expected format 'tinylm-checkpoint', version 1")]
    [TestCase("""{"format":"tinylm-checkpoint","version":2,"step":1,"sequence":1,"files":[]}""", "version 1")]
    [TestCase("""{"format":"tinylm-checkpoint","version":1,"step":-1,"sequence":1,"files":[]}""", "version 1")]
    [TestCase("""{"format":"tinylm-checkpoint","version":1,"step":1,"sequence":1,"files":[null]}""", "is not valid")]
    [TestCase("""{"format":"tinylm-checkpoint","version":1,"step":1,"sequence":1,"files":[{"name":"../a","length":1,"sha256":"0"}]}""", "'../a' is not valid")]
    [TestCase("""{"format":"tinylm-checkpoint","version":1,"step":1,"sequence":1,"files":[{"name":"a","length":-1,"sha256":"0"}]}""", "'a' is not valid")]
    public void A_malformed_manifest_costs_one_line(string json, string expected)
    {
        using var folder = new TemporaryFolder();
        folder.Write("step-000007/manifest.json", json);
        var lines = new List<string>();
        Assert.That(new CheckpointFolder(folder.Path).FindNewestWhole(lines.Add), Is.Null);
        Assert.That(lines, Has.Count.EqualTo(1).And.Some.Contains(expected));
        UserErrors.ExpectMistake(() => Checkpoint.Open(folder.File("step-000007")), expected);
    }

    [Test]
    public void Leftovers_are_removed_at_the_next_save_and_nothing_else_is()
    {
        using var folder = new TemporaryFolder();
        folder.Write("step-000005/model.safetensors", "half");
        folder.Write("step-000005/.manifest.json.0123.tmp", "half");
        folder.Write("best/model.safetensors", "the user's");
        folder.Write("step-000006 (copy)/model.safetensors", "the user's");
        folder.Write("log.txt", "the user's");
        new CheckpointFolder(folder.Path).Save(6, Content("six"));
        Assert.That(
            Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName),
            Is.EquivalentTo(new[] { "best", "step-000006 (copy)", "log.txt", "step-000006" }));
    }

    [Test, Platform(Include = "Linux")]
    public void A_full_disk_costs_one_line_and_nothing_is_left()
    {
        using var folder = new TemporaryFolder();
        UserErrors.Expect(() => AtomicFile.Write("/dev/full/x", _ => { }), UserException.World, "/dev/full/x: cannot be written");
        var full = new FaultyFiles { FailAt = 4, Fault = () => new IOException("No space left on device", 28) };
        var checkpoints = new CheckpointFolder(folder.Path, 2, full);
        UserErrors.Expect(() => checkpoints.Save(1, Content("one")), UserException.World, "the disk is full");
        Assert.That(Directory.GetFileSystemEntries(folder.Path), Is.Empty);
    }

    internal static CheckpointFile[] Content(string text) =>
    [
        new("model.safetensors", stream =>
        {
            for (int i = 0; i < 3; i++)
            {
                stream.Write(Encoding.UTF8.GetBytes(text));
            }
        }),
        new("state.json", stream => stream.Write(Encoding.UTF8.GetBytes($"state of {text}"))),
    ];

    internal static string Text(Checkpoint checkpoint, string name) => checkpoint.Read(name, stream =>
    {
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    });
}
