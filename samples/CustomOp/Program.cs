// Two ops of one's own: a formula that is at once differentiable on every device, and a structured op with a CPU kernel and three GPU kernels.
using System.CommandLine;
using CustomOp;
using Spectre.Console;
using TinyLM;

var deviceName = new Option<string>("--device") { Description = "auto, cpu, interpreted or cuda; default: cpu and interpreted", DefaultValueFactory = _ => "" };
var profile = new Option<bool>("--profile") { Description = "where the time of a step with both ops goes" };
var command = new RootCommand("Checks and times two custom ops: Mish, a formula, and squared distances, with kernels of their own.") { deviceName, profile };

return CommandLine.Run(command, args, arguments =>
{
    bool allRight = true;
    float[,] values = { { -3, -1, -0.25f }, { 0.5f, 1, 4 } };
    string[] names = arguments.GetValue(deviceName) is { Length: > 0 } one ? [one] : ["cpu", "interpreted"];
    foreach (string name in names)
    {
        using Device device = Device.Open(name);
        foreach (GradientCheckRow row in GradientCheck.Run(device, (_, v) => v[0].Apply<Mish>(), [("x", values)]))
        {
            Console.WriteLine(FormattableString.Invariant(
                $"mish: gradient against differences {row.RelativeError:0.0e-00}, limit {row.Limit:0e-00}, on {device.Description}"));
            allRight &= row.Passed;
        }

        // The interpreter runs a GPU's threads one by one: less to do.
        int size = name == "interpreted" ? 48 : 512;
        allRight &= Ladder.Print(device, size, size, size, AnsiConsole.Console);
        if (arguments.GetValue(profile))
        {
            ProfiledSteps.Print(device, size, AnsiConsole.Console);
        }
    }

    return allRight ? 0 : throw new UserException("custom op: a result is wrong, see above.", UserException.World);
});
