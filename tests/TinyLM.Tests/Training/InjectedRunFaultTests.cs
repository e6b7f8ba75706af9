using TinyLM.Tests.Checkpoints;

namespace TinyLM.Tests;

/// <summary>Every change that a run makes to the disk (metrics, events, report, checkpoints, their removal) fails once, or kills the process; the run then goes on.</summary>
public class InjectedRunFaultTests
{
    private const int Steps = 2;
    private static readonly GptConfig Config = GptConfig.Llama(1, 1, 8, TinyModels.Context, TinyModels.Vocabulary) with { HiddenWidth = 8 };
    private static readonly TrainingConfig Training = new() { TokensPerStep = 12, Steps = Steps, WarmUpSteps = 1 };
    private static readonly TokenizedDocuments Documents = TinyModels.Documents(5, 5, 9, 2, 12, 7);

    [Test]
    public void Whatever_operation_fails_the_run_resumes_to_the_same_weights_with_whole_files([Values] bool isKill)
    {
        using Device device = Device.Open("cpu", 1);
        using var undisturbed = new TemporaryFolder();
        var counting = new FaultyFiles();
        float[] expected = Run(device, undisturbed.Path, counting);
        Assert.That(counting.Count, Is.GreaterThan(80));
        int faults = 0;
        for (int failAt = 1; failAt <= counting.Count; failAt++)
        {
            using var folder = new TemporaryFolder();
            try
            {
                Run(device, folder.Path, new FaultyFiles { FailAt = failAt, IsKill = isKill });
            }
            catch (UserException fault)
            {
                faults++;
                Assert.That(fault.ExitCode, Is.EqualTo(UserException.World), $"fault at operation {failAt}");
            }

            float[] resumed = Run(device, folder.Path, FileOperations.Disk);
            using (Assert.EnterMultipleScope())
            {
                Assert.That(resumed, Is.EqualTo(expected), $"fault at operation {failAt}");
                Assert.That(MetricsLog.Read(folder.File("metrics.jsonl")).Select(step => step.Step), Is.EqualTo(Enumerable.Range(1, Steps)), $"fault at operation {failAt}");
                Assert.That(File.ReadAllText(folder.File("report.html")), Does.EndWith("</html>\n"), $"fault at operation {failAt}");
                Assert.That(Directory.GetDirectories(folder.File("checkpoints")), Has.Length.EqualTo(TinyRun.Keep), $"fault at operation {failAt}");
            }
        }

        // A fault in the removal of what is old is passed over, and mended by the next save.
        Assert.That(faults, Is.InRange(counting.Count * 2 / 3, counting.Count));
    }

    private static float[] Run(Device device, string path, FileOperations operations)
    {
        var trainer = new Trainer(new Gpt(device, Config, 1), Documents, Training);
        using TinyRun run = TinyRun.Begin(path, trainer, operations);
        run.Loop().Run(() => { }, CancellationToken.None);
        run.WriteReport();
        return TinyModels.Weights(trainer.Model);
    }
}
