using System.Diagnostics;
using Spectre.Console;
using TinyLM;

namespace CustomOp;

/// <summary>Every kernel of <see cref="Distances"/> on the same data: its error against plain loops in double, its time, and what a GPU would pay for it.</summary>
public static class Ladder
{
    private const int Repeats = 5;

    /// <summary>float32's limit, and that of a product in bfloat16.</summary>
    public static double Limit(Rung rung) => rung == Rung.TensorCore ? 1e-2 : 1e-5;

    /// <summary>‖y - reference‖ / ‖reference‖ of one kernel on random data; ∞ where there is a NaN.</summary>
    public static double Error(Device device, Rung rung, int rows, int centers, int columns)
    {
        ArgumentNullException.ThrowIfNull(device);
        using Tape tape = device.BeginTape(gradients: false);
        float[] x = Values(rows * columns, "x"), c = Values(centers * columns, "c");
        float[] y = tape.Constant(Place(device, rows, columns, x)).SquaredDistances(tape.Constant(Place(device, centers, columns, c)), rung).Value.ToArray();
        double difference = 0, norm = 0;
        for (int row = 0; row < rows; row++)
        {
            for (int center = 0; center < centers; center++)
            {
                double exact = 0;
                for (int i = 0; i < columns; i++)
                {
                    exact += Math.Pow((double)x[row * columns + i] - c[center * columns + i], 2);
                }

                difference += Math.Pow(y[row * centers + center] - exact, 2);
                norm += exact * exact;
            }
        }

        double error = Math.Sqrt(difference / norm);
        return double.IsNaN(error) ? double.PositiveInfinity : error;
    }

    /// <summary>A line a kernel.</summary>
    /// <returns>Whether all kernels are right.</returns>
    public static bool Print(Device device, int rows, int centers, int columns, IAnsiConsole console)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(console);
        var table = new Table().Border(TableBorder.Simple).AddColumns("kernel", "error", "limit", "ms", "instructions", "sectors", "flops/byte");
        bool allRight = true;
        foreach (Rung rung in device is GpuDevice ? Enum.GetValues<Rung>() : [Rung.Naive])
        {
            PtxStatistics? statistics = (device as GpuDevice)?.Statistics;
            statistics?.Clear();
            double error = Error(device, rung, rows, centers, columns);
            KernelStatistics? run = statistics?.Kernels.Single();
            double milliseconds = Time(device, rung, rows, centers, columns);
            allRight &= error <= Limit(rung);
            table.AddRow(
                device is GpuDevice ? rung.ToString() : "CPU", Text($"{error:0.0e-00}"), Text($"{Limit(rung):0e-00}"), Text($"{milliseconds:F2}"),
                run is null ? "-" : Text($"{run.TotalInstructions:N0}"), run is null ? "-" : Text($"{run.SectorsPerRequest:F1}"),
                run is null ? "-" : Text($"{run.ArithmeticIntensity:F2}"));
        }

        console.Profile.Out.Writer.WriteLine(Text($"squared distances, {rows} rows to {centers} centers of {columns} columns, on {device.Description}"));
        console.Write(table);
        if (device is GpuDevice { Statistics: not null })
        {
            console.Profile.Out.Writer.WriteLine("The time is the interpreter's; instructions of all threads; sectors of 32 bytes that a warp's request touches.");
        }

        return allRight;
    }

    /// <summary>The median of a few runs, in milliseconds.</summary>
    private static double Time(Device device, Rung rung, int rows, int centers, int columns)
    {
        using Tape tape = device.BeginTape(gradients: false);
        Tensor x = Random(device, rows, columns, "x"), c = Random(device, centers, columns, "c");
        Tensor y = tape.Allocate(rows, centers);
        var times = new double[Repeats];
        for (int i = 0; i < Repeats; i++)
        {
            device.Synchronize();
            long start = Stopwatch.GetTimestamp();
            Distances.Forward(x, c, y, rung);
            device.Synchronize();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(times);
        return times[Repeats / 2];
    }

    /// <summary>Normal values that depend on the name alone.</summary>
    internal static Tensor Random(Device device, int rows, int columns, string name) => Place(device, rows, columns, Values(rows * columns, name));

    private static float[] Values(int count, string name)
    {
        var random = new Philox(seed: 1, Philox.Purpose(name));
        return [.. Enumerable.Range(0, count).Select(i => (float)random.Normal((ulong)i))];
    }

    private static Tensor Place(Device device, int rows, int columns, float[] values)
    {
        Tensor tensor = device.Temporary(rows, columns);
        tensor.CopyFrom(values);
        return tensor;
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
