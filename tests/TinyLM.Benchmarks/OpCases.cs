namespace TinyLM.Benchmarks;

/// <summary>The forms of a matrix product: y = x·wᵀ, dx = dy·w, dw = dyᵀ·x.</summary>
internal enum ProductForm
{
    NT,
    NN,
    TN,
}

internal sealed record MatMulCase(ProductForm Form, int T, int K, int N)
    : BenchmarkCase($"matmul {Form.ToString().ToLowerInvariant()} {T}x{K}x{N}", "matmul", Flops: 2.0 * T * K * N)
{
    public override Action Ours(Device device)
    {
        Tensor x = Random(device, T, K, "x"), w = Random(device, N, K, "w"), dy = Random(device, T, N, "dy");
        return Form switch
        {
            ProductForm.NT => Into(device, T, N, y => MatMul.Multiply(x, false, w, true, y)),
            ProductForm.NN => Into(device, T, K, dx => MatMul.Multiply(dy, false, w, false, dx)),
            _ => Into(device, N, K, dw => MatMul.Multiply(dy, true, x, false, dw)),
        };
    }

    private static Action Into(Device device, int rows, int columns, Action<Tensor> product) => () =>
    {
        using Tape tape = device.BeginTape(gradients: false);
        product(tape.Allocate(rows, columns));
    };
}

internal sealed record CrossEntropyCase(int T, int V)
    : BenchmarkCase($"cross-entropy {T}x{V}", "cross-entropy", Bytes: 2.0 * sizeof(float) * T * V)
{
    public override Action Ours(Device device)
    {
        int[] targets = [.. Enumerable.Range(0, T).Select(i => i * 7919 % V)];
        return OnTape(device, [Random(device, T, V, "logits")], Random(device, 1, 1, "one"),
            (tape, v) => v[0].CrossEntropy(tape.Device.TemporaryIndices(targets)).Sum(1f / T));
    }
}

internal enum NormForm
{
    LayerNorm,
    LayerNormForward,
    RmsNorm,
}

internal sealed record NormCase(NormForm Form, int T, int C)
    : BenchmarkCase(
        Form switch { NormForm.LayerNorm => $"layer-norm {T}x{C}", NormForm.LayerNormForward => $"layer-norm {T}x{C} forward", _ => $"rms-norm {T}x{C}" },
        Form == NormForm.RmsNorm ? "rms-norm" : "layer-norm", Bytes: (Form == NormForm.LayerNormForward ? 2.0 : 5.0) * sizeof(float) * T * C)
{
    public override Action Ours(Device device)
    {
        Tensor x = Random(device, T, C, "x"), gain = Random(device, 1, C, "gain"), bias = Random(device, 1, C, "bias");
        Tensor? dy = Form == NormForm.LayerNormForward ? null : Random(device, T, C, "dy");
        return Form == NormForm.RmsNorm
            ? OnTape(device, [x, gain], dy, (_, v) => v[0].RmsNorm(v[1]))
            : OnTape(device, [x, gain, bias], dy, (_, v) => v[0].LayerNorm(v[1], v[2]));
    }
}

internal sealed record ActivationCase(bool IsGated, int T, int C)
    : BenchmarkCase($"{(IsGated ? "swiglu" : "gelu")} {T}x{C}", IsGated ? "swiglu" : "gelu", Bytes: (IsGated ? 8.0 : 5.0) * sizeof(float) * T * C)
{
    public override Action Ours(Device device)
    {
        Tensor x = Random(device, T, C, "x"), u = Random(device, T, C, "u"), dy = Random(device, T, C, "dy");
        return IsGated ? OnTape(device, [x, u], dy, (_, v) => v[0].Apply<SwiGlu>(v[1])) : OnTape(device, [x], dy, (_, v) => v[0].Apply<Gelu>());
    }
}

internal sealed record AttentionCase(string Documents, int[] Lengths, int Heads, int Width, bool IsForward)
    : BenchmarkCase(
        $"attention {Documents} h{Heads} d{Width / Heads}{(IsForward ? " forward" : "")}", IsForward ? "attention forward" : "attention",
        Flops: Lengths.Sum(length => length * (length + 1.0) / 2) * 4 * Width * (IsForward ? 1 : 3.5))
{
    public override Action Ours(Device device)
    {
        DocumentOffsets offsets = DocumentOffsets.FromLengths(Lengths);
        AttentionShape shape = AttentionShape.FromWidth(Width, Heads, Heads);
        return OnTape(device, [Random(device, offsets.TokenCount, 3 * Width, "qkv")], IsForward ? null : Random(device, offsets.TokenCount, Width, "dy"),
            (_, v) => v[0].Attention(offsets, shape));
    }
}

internal sealed record AdamWCase(string Size, int Count) : BenchmarkCase($"adamw {Size}", "adamw", Bytes: 7.0 * sizeof(float) * Count)
{
    public override Action Ours(Device device)
    {
        Tensor values = Random(device, 1, Count, "values"), gradients = Random(device, 1, Count, "gradients");
        Tensor first = device.Allocate(1, Count), second = device.Allocate(1, Count);
        var rule = new AdamWRule(0.9, 0.99, 1e-8);
        long step = 0;
        return () => AdamW.Step(values, gradients, first, second, rule, ++step, 1e-3, 0.1, 1);
    }
}
