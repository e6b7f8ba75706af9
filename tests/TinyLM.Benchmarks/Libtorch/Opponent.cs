using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;
using TorchParameter = TorchSharp.Modules.Parameter;
using TorchTensor = TorchSharp.torch.Tensor;

namespace TinyLM.Benchmarks;

/// <summary>libtorch on the same cases, as a careful user would write them; where there are several ways, each is a contender.</summary>
internal static partial class Opponent
{
    private const int TrimThreshold = -1;
    private const int MaximumMappings = -4;

    public static string Name => "libtorch";

    /// <param name="threads">It may use.</param>
    /// <param name="keepsFreedMemory">Whether its allocator does: by default every large result is mapped and its pages cleared anew.</param>
    public static void Prepare(int threads, bool keepsFreedMemory = true)
    {
        TinyLM.Peers.NativeLibraries.Prepare();
        if (keepsFreedMemory && OperatingSystem.IsLinux())
        {
            _ = MallocOption(MaximumMappings, 0);
            _ = MallocOption(TrimThreshold, int.MaxValue);
        }

        set_num_threads(threads);
    }

    public static void InScope(Action action)
    {
        using DisposeScope scope = NewDisposeScope();
        action();
    }

    public static IReadOnlyList<Contender> Of(BenchmarkCase @case) => @case switch
    {
        MatMulCase product => [new("libtorch", Product(product))],
        CrossEntropyCase loss => [new("libtorch", CrossEntropy(loss))],
        NormCase norm => [new("libtorch", Norm(norm))],
        ActivationCase activation => [new("libtorch", Activation(activation))],
        AttentionCase attention => Attention(attention),
        AdamWCase adamW => AdamW(adamW),
        StepCase step => TorchGpt.Steps(step.Setting, step.IsLlama),
        ForwardCase forward => TorchGpt.Forwards(forward.Setting, forward.IsLlama),
        GenerationCase generation => [new("libtorch, cache", TorchGpt.Generation(generation))],
        _ => throw new NotSupportedException($"{@case.Name}: libtorch has no such case."),
    };

    private static Action Product(MatMulCase @case)
    {
        TorchTensor x = randn(@case.T, @case.K), w = randn(@case.N, @case.K), dy = randn(@case.T, @case.N);
        return @case.Form switch
        {
            ProductForm.NT => () => mm(x, w.t()),
            ProductForm.NN => () => mm(dy, w),
            _ => () => mm(dy.t(), x),
        };
    }

    private static Action CrossEntropy(CrossEntropyCase @case)
    {
        TorchTensor logits = randn(@case.T, @case.V, requires_grad: true), targets = randint(0, @case.V, @case.T, dtype: int64);
        return () =>
        {
            F.cross_entropy(logits, targets).backward();
            logits.grad = null;
        };
    }

    private static Action Norm(NormCase @case)
    {
        TorchTensor x = randn(@case.T, @case.C, requires_grad: true), dy = randn(@case.T, @case.C);
        TorchTensor gain = ones(@case.C, requires_grad: true), bias = zeros(@case.C, requires_grad: true);
        return @case.Form switch
        {
            NormForm.LayerNormForward => () => WithoutGradients(() => F.layer_norm(x, [@case.C], gain, bias)),
            NormForm.LayerNorm => () => Backward(F.layer_norm(x, [@case.C], gain, bias), dy, x, gain, bias),
            _ => () => Backward(TorchGpt.RmsNorm(x, gain), dy, x, gain),
        };
    }

    private static Action Activation(ActivationCase @case)
    {
        TorchTensor x = randn(@case.T, @case.C, requires_grad: true), u = randn(@case.T, @case.C, requires_grad: true), dy = randn(@case.T, @case.C);
        return @case.IsGated ? () => Backward(F.silu(x) * u, dy, x, u) : () => Backward(F.gelu(x, GELU.Approximate.tanh), dy, x);
    }

    private static List<Contender> Attention(AttentionCase @case)
    {
        int tokens = @case.Lengths.Sum();
        TorchTensor qkv = randn(tokens, 3 * @case.Width, requires_grad: true), dy = randn(tokens, @case.Width);
        TorchTensor mask = TorchAttention.BlockMask(@case.Lengths);
        List<Contender> ways = [Way("loop", () => TorchAttention.Loop(qkv, @case.Lengths, @case.Heads)), Way("mask", () => TorchAttention.Attend(qkv, tokens, @case.Heads, mask))];
        if (@case.Lengths.All(length => length == @case.Lengths[0]))
        {
            ways.Add(Way("batch", () => TorchAttention.Attend(qkv, @case.Lengths[0], @case.Heads)));
        }

        return ways;

        Contender Way(string name, Func<TorchTensor> attend) =>
            new($"libtorch, {name}", @case.IsForward ? () => WithoutGradients(attend) : () => Backward(attend(), dy, qkv));
    }

    /// <summary>TorchSharp's, on one parameter, and the fewest eager calls that make the formula.</summary>
    private static List<Contender> AdamW(AdamWCase @case)
    {
        const double Rate = 1e-3, Beta1 = 0.9, Beta2 = 0.99, Decay = 0.1;
        var parameter = new TorchParameter(randn(@case.Count)) { grad = randn(@case.Count) };
        var optimizer = optim.AdamW([parameter], Rate, Beta1, Beta2, weight_decay: Decay);
        TorchTensor values = randn(@case.Count), gradient = randn(@case.Count), first = zeros(@case.Count), second = zeros(@case.Count);
        return
        [
            new("libtorch, AdamW", () => optimizer.step()),
            new("libtorch, formula", () =>
            {
                using var _ = no_grad();
                values.mul_(1 - Rate * Decay);
                first.lerp_(gradient, 1 - Beta1);
                second.mul_(Beta2).addcmul_(gradient, gradient, 1 - Beta2);
                values.addcdiv_(first, second.sqrt().add_(1e-8), -Rate);
            }),
        ];
    }

    private static void WithoutGradients(Func<TorchTensor> compute)
    {
        using var _ = no_grad();
        compute();
    }

    private static void Backward(TorchTensor output, TorchTensor gradient, params TorchTensor[] inputs)
    {
        output.backward([gradient]);
        foreach (TorchTensor input in inputs)
        {
            input.grad = null;
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int MallocOption(int parameter, int value);
}
