using System.Runtime.InteropServices;

namespace TinyLM.Tests;

/// <summary>
/// ILGPU's optimiser must not change what the library's kernels compute: small cases of every op give the same bits, result and gradients,
/// at O0, O1 and the O2 that all devices use. And every kernel of the library is among those that ran.
/// </summary>
[NonParallelizable]
public class KernelAgreementTests
{
    private static readonly PtxOptimization[] Levels = [PtxOptimization.O0, PtxOptimization.O1, PtxOptimization.O2WithoutCodePlacement];

    private readonly Dictionary<object, float[][][]> _results = [];
    private readonly PtxCompiler[] _own = [new(PtxOptimization.O0), new(PtxOptimization.O1)];
    private GpuDevice[] _devices = [];

    public static IEnumerable<OpCase> OpSample => Sample(OpCases.All.Where(@case => !@case.IsLarge), @case => @case.Op, @case => @case.Inputs);

    public static IEnumerable<KernelCase> KernelSample => Sample(KernelCases.All.Where(@case => !@case.IsLarge), @case => @case.Op, @case => @case.Inputs);

    [OneTimeSetUp]
    public void Open() => _devices = [.. _own.Append(PtxCompiler.Shared).Select(compiler => new GpuDevice(new PtxMachine(), compiler))];

    [OneTimeTearDown]
    public void Close()
    {
        Array.ForEach(_devices, device => device.Dispose());
        Array.ForEach(_own, compiler => compiler.Dispose());
    }

    [TestCaseSource(nameof(OpSample))]
    public void Every_level_gives_an_op_the_same_bits(OpCase @case) => Compare(Run(@case));

    [TestCaseSource(nameof(KernelSample))]
    public void Every_level_gives_a_kernel_the_same_bits(KernelCase @case) => Compare(Run(@case));

    /// <summary>A kernel of a generic class counts once it has run for one type argument, but every formula must have run.</summary>
    [Test]
    public void Every_kernel_of_the_library_has_run_at_every_level()
    {
        foreach (OpCase @case in OpSample)
        {
            Run(@case);
        }

        foreach (KernelCase @case in KernelSample)
        {
            Run(@case);
        }

        IReadOnlyList<GpuKernel> all = GpuKernel.Of(typeof(GpuKernel).Assembly);
        Assert.That(all, Has.Count.GreaterThan(50));
        foreach (GpuDevice device in _devices)
        {
            GpuKernel[] ran = [.. device.Statistics!.Kernels.Select(statistics => statistics.Kernel)];
            HashSet<object> methods = [.. ran.Select(Definition)];
            HashSet<Type> formulas = [.. ran.SelectMany(kernel => kernel.Method.DeclaringType!.GetGenericArguments()).SelectMany(Parts)];
            Assert.That(all.Where(kernel => !methods.Contains(Definition(kernel))).Select(kernel => kernel.Name), Is.Empty, "kernels without a case");
            Assert.That(
                all.SelectMany(kernel => kernel.Method.DeclaringType!.GetGenericArguments()).Except(formulas).Select(formula => formula.Name),
                Is.Empty, "formulas without a case");
        }
    }

    private static IEnumerable<T> Sample<T>(IEnumerable<T> cases, Func<T, string> op, Func<T, OpInput[]> inputs) =>
        from @case in cases
        group @case by op(@case) into same
        let real = same.Where(@case => inputs(@case).Any(input => input.Rows * input.Columns > 1)).ToArray()
        from chosen in real.Length < 3 ? real : [real[0], real[^1]]
        select chosen;

    private static object Definition(GpuKernel kernel) => (kernel.Method.Module, kernel.Method.MetadataToken);

    /// <summary>A composed formula and the formulas that it is made of.</summary>
    private static IEnumerable<Type> Parts(Type formula) => formula.GetGenericArguments().SelectMany(Parts).Append(formula);

    private static void Compare(float[][][] results)
    {
        for (int level = 1; level < Levels.Length; level++)
        {
            for (int i = 0; i < results[0].Length; i++)
            {
                Assert.That(
                    MemoryMarshal.Cast<float, int>(results[level][i]).SequenceEqual(MemoryMarshal.Cast<float, int>(results[0][i])), Is.True,
                    $"tensor {i} at {Levels[level]} against {Levels[0]}");
            }
        }
    }

    private float[][][] Run(OpCase @case) => Once(@case, () =>
    {
        Matrix[] inputs = @case.Values();
        Matrix dy = @case.Upstream("dy", @case.Forward(inputs));
        return device =>
        {
            OpRun run = OpRun.Once(@case, device, inputs, dy);
            return [run.Result, .. run.Gradients];
        };
    });

    private float[][][] Run(KernelCase @case) => Once(@case, () =>
    {
        Matrix[] inputs = @case.Values();
        return device => KernelTests.Run(@case, device, inputs);
    });

    private float[][][] Once(object @case, Func<Func<GpuDevice, float[][]>> prepare)
    {
        if (!_results.TryGetValue(@case, out float[][][]? results))
        {
            Func<GpuDevice, float[][]> run = prepare();
            _results[@case] = results = [.. _devices.Select(run)];
        }

        return results;
    }
}
