namespace TinyLM.Tests.Checkpoints;

/// <summary>Beside the newest few, the checkpoint of the lowest validation loss is kept.</summary>
public class BestCheckpointTests
{
    [Test]
    public void The_best_outlives_the_newest_few()
    {
        using var folder = new TemporaryFolder();
        var checkpoints = new CheckpointFolder(folder.Path);
        foreach (var (step, loss) in new (int, double?)[] { (1, 3), (2, 2), (3, null), (4, 2.5), (5, null), (6, 2.1) })
        {
            checkpoints.Save(step, CheckpointFolderTests.Content($"{step}"), loss);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(checkpoints.List().Select(checkpoint => checkpoint.Step), Is.EqualTo(new[] { 6, 5, 2 }));
            Assert.That(checkpoints.FindBest()!.Step, Is.EqualTo(2));
            Assert.That(checkpoints.FindBest()!.ValidationLoss, Is.EqualTo(2));
            Assert.That(CheckpointFolderTests.Text(checkpoints.FindBest()!, "state.json"), Is.EqualTo("state of 2"));
        }

        checkpoints.Save(7, CheckpointFolderTests.Content("7"), 1.9);
        Assert.That(checkpoints.List().Select(checkpoint => checkpoint.Step), Is.EqualTo(new[] { 7, 6 }), "the best of before is no longer needed");
    }

    [Test]
    public void Of_equals_the_one_saved_last_is_kept()
    {
        using var folder = new TemporaryFolder();
        var checkpoints = new CheckpointFolder(folder.Path, keepCount: 1);
        checkpoints.Save(4, CheckpointFolderTests.Content("first"), 2);
        checkpoints.Save(4, CheckpointFolderTests.Content("again"), 2);
        checkpoints.Save(5, CheckpointFolderTests.Content("five"), 3);
        Assert.That(checkpoints.List().Select(checkpoint => Path.GetFileName(checkpoint.FolderPath)), Is.EqualTo(new[] { "step-000005", "step-000004-2" }));
    }

    [Test]
    public void A_loss_that_is_no_number_is_never_the_best([Values(double.NaN, double.NegativeInfinity)] double loss)
    {
        using var folder = new TemporaryFolder();
        var checkpoints = new CheckpointFolder(folder.Path, keepCount: 1);
        checkpoints.Save(1, CheckpointFolderTests.Content("one"), 2);
        Checkpoint saved = checkpoints.Save(2, CheckpointFolderTests.Content("two"), loss);
        Assert.That(saved.ValidationLoss, Is.Null);
        Assert.That(checkpoints.FindBest()!.Step, Is.EqualTo(1));
    }

    [Test]
    public void A_damaged_one_is_not_the_best()
    {
        using var folder = new TemporaryFolder();
        var checkpoints = new CheckpointFolder(folder.Path);
        File.Delete(Path.Combine(checkpoints.Save(1, CheckpointFolderTests.Content("one"), 1).FolderPath, "state.json"));
        checkpoints.Save(2, CheckpointFolderTests.Content("two"), 2);
        checkpoints.Save(3, CheckpointFolderTests.Content("three"), 3);
        checkpoints.Save(4, CheckpointFolderTests.Content("four"), 4);
        Assert.That(checkpoints.FindBest()!.Step, Is.EqualTo(2));
        Assert.That(checkpoints.List().Select(checkpoint => checkpoint.Step), Is.EqualTo(new[] { 4, 3, 2, 1 }), "the damaged one stays for the user to look at");
    }
}
