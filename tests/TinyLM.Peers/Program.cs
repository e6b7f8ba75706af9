// Compares values and gradients of every op, and of whole models in training, with libtorch's.
using System.CommandLine;
using TinyLM;
using TinyLM.Peers;

var filter = new Option<string>("--filter") { Description = "only ops, cases and models with this in their name; then every case has a row", DefaultValueFactory = _ => "" };
var deviceName = new Option<string>("--device") { Description = "cpu; interpreted: the GPU's kernels, in small cases; cuda", DefaultValueFactory = _ => "cpu" };
var command = new RootCommand("Compares TinyLM's values and gradients with libtorch's.") { filter, deviceName };

return CommandLine.Run(command, args, arguments =>
{
    NativeLibraries.Prepare();
    string text = arguments.GetValue(filter)!, name = arguments.GetValue(deviceName)!;
    using Device device = Device.Open(name);
    var report = new Report();
    IEnumerable<Measurement> ops = PeerCases.Ops.Where(@case => IsWanted(@case) && !(@case.IsLarge && name == "interpreted")).SelectMany(@case => Measurement.Of(@case, device));
    IEnumerable<Measurement> optimizers = PeerCases.Optimizers.Where(IsWanted).Select(@case => Measurement.Of(@case, device));
    report.AddOps(ops.Concat(optimizers), everyCase: text.Length > 0);
    foreach (ModelPeer model in ModelPeer.All.Where(model => IsWanted(model.Name)))
    {
        report.AddModel(model.Name, model.Compare(device));
    }

    if (report.IsEmpty)
    {
        throw new UserException($"--filter: no op, case or model has '{text}' in its name.");
    }

    if (text.Length == 0)
    {
        Console.WriteLine($"not compared: {string.Join("; ", PeerCases.Missing)}");
    }

    return report.Finish(name) ? 0 : 1;

    bool IsWanted(object @case) => $"{@case}".Contains(text, StringComparison.OrdinalIgnoreCase);
});
