// Kills a short training run at random moments, many times, resumes it each time, and tells whether every run ended with the weights of one that
// nobody disturbed.
using System.CommandLine;
using TinyLM;
using TinyLM.Kills;

var kills = new Option<int>("--kills") { Description = "how many times a run is killed", DefaultValueFactory = _ => 200 };
var seed = new Option<int>("--seed") { Description = "of the moments", DefaultValueFactory = _ => 1 };
var victim = new Option<string?>("--victim") { Description = "a folder: be the run that is killed, in that folder", Hidden = true };
var keep = new Option<int>("--keep") { Description = "newest checkpoints that the victim keeps", Hidden = true, DefaultValueFactory = _ => CheckpointFolder.DefaultKeepCount };
var command = new RootCommand("Kills a short training run at random moments, resumes it, and compares its checkpoints and its end with an undisturbed run's.")
{
    kills, seed, victim, keep,
};

return CommandLine.Run(command, args, (arguments, stop) =>
{
    if (arguments.GetValue(victim) is { } folder)
    {
        PretrainRun.Execute(Victim.Options(folder, arguments.GetValue(keep)), new TrainingDisplay(), stop);
        return 0;
    }

    using var ordeal = new Ordeal(arguments.GetValue(seed));
    return ordeal.Run(arguments.GetValue(kills), stop) ? 0 : 1;
});
