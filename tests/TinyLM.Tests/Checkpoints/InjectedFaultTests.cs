namespace TinyLM.Tests.Checkpoints;

/// <summary>
/// As SQLite tests it: every create, write, flush, rename and delete of a save fails once, or kills the process, and each time the folder
/// equals a committed state.
/// </summary>
public class InjectedFaultTests
{
    [Test]
    public void Whatever_operation_fails_the_folder_equals_a_committed_state([Values] bool isKill, [Values(1, 2)] int keepCount)
    {
        int operationCount = CountOperations(keepCount);
        Assert.That(operationCount, Is.GreaterThan(15));
        for (int failAt = 1; failAt <= operationCount; failAt++)
        {
            CheckFaultAt(failAt, isKill, keepCount);
        }
    }

    [Test]
    public void A_file_is_replaced_as_a_whole_or_not_at_all([Values] bool isKill)
    {
        for (int failAt = 1; failAt <= 5; failAt++)
        {
            using var folder = new TemporaryFolder();
            string path = folder.Write("a.txt", "old");
            var files = new FaultyFiles { FailAt = failAt, IsKill = isKill };
            bool failed = false;
            try
            {
                AtomicFile.Write(path, stream => stream.Write("new"u8), files);
            }
            catch (UserException fault)
            {
                failed = true;
                Assert.That(fault.ExitCode, Is.EqualTo(UserException.World));
            }

            // Operations: create, write, flush, rename.
            using (Assert.EnterMultipleScope())
            {
                Assert.That(failed, Is.EqualTo(failAt <= 4));
                Assert.That(File.ReadAllText(path), Is.EqualTo(failed ? "old" : "new"));
                Assert.That(Directory.GetFiles(folder.Path), Has.Length.EqualTo(isKill && failAt is >= 2 and <= 4 ? 2 : 1));
            }
        }
    }

    [Test]
    public void A_fault_of_the_writer_itself_leaves_the_old_file()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("a.txt", "old");
        Assert.That(() => AtomicFile.Write(path, _ => throw new InvalidOperationException("mine")), Throws.InvalidOperationException);
        Assert.That(Directory.GetFiles(folder.Path), Has.Length.EqualTo(1));
        Assert.That(File.ReadAllText(path), Is.EqualTo("old"));
    }

    private static int CountOperations(int keepCount)
    {
        using var folder = new TemporaryFolder();
        Prepare(folder, keepCount);
        var files = new FaultyFiles();
        new CheckpointFolder(folder.Path, keepCount, files).Save(30, CheckpointFolderTests.Content("new"));
        return files.Count;
    }

    private static void CheckFaultAt(int failAt, bool isKill, int keepCount)
    {
        using var folder = new TemporaryFolder();
        Prepare(folder, keepCount);
        bool failed = false;
        try
        {
            new CheckpointFolder(folder.Path, keepCount, new FaultyFiles { FailAt = failAt, IsKill = isKill })
                .Save(30, CheckpointFolderTests.Content("new"));
        }
        catch (UserException)
        {
            failed = true;
        }

        // Another process comes: it finds a whole checkpoint, the new one if its saving did not fail, and can go on.
        var after = new CheckpointFolder(folder.Path, keepCount);
        Checkpoint newest = after.FindNewestWhole()!;
        string which = failed ? "old 20" : "new";
        using (Assert.EnterMultipleScope())
        {
            Assert.That(CheckpointFolderTests.Text(newest, "state.json"), Is.EqualTo($"state of {which}"), $"fault at operation {failAt}");
            Assert.That(after.List().Count, Is.InRange(1, keepCount + 1), $"fault at operation {failAt}");
            after.Save(40, CheckpointFolderTests.Content("later"));
            Assert.That(after.FindNewestWhole()!.Step, Is.EqualTo(40));
            Assert.That(Directory.GetDirectories(folder.Path), Has.Length.EqualTo(keepCount), $"fault at operation {failAt}");
        }
    }

    /// <summary>Two checkpoints and what a killed save left.</summary>
    private static void Prepare(TemporaryFolder folder, int keepCount)
    {
        var checkpoints = new CheckpointFolder(folder.Path, keepCount);
        checkpoints.Save(10, CheckpointFolderTests.Content("old 10"));
        checkpoints.Save(20, CheckpointFolderTests.Content("old 20"));
        folder.Write("step-000030/model.safetensors", "half");
    }
}
