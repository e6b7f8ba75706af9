namespace TinyLM.Peers;

/// <summary>Ops whose cases in <see cref="OpCases"/> say all that libtorch needs to know: their inputs. Constants are those of <see cref="OpCases"/>.</summary>
internal static class Formulations
{
    /// <summary>By the op's name.</summary>
    public static IReadOnlyDictionary<string, Formulation> OfOps { get; } = new Dictionary<string, Formulation>
    {
        ["Exp"] = x => x[0].exp(),
        ["Log"] = x => x[0].log(),
        ["Sqrt"] = x => x[0].sqrt(),
        ["Rsqrt"] = x => x[0].rsqrt(),
        ["Reciprocal"] = x => x[0].reciprocal(),
        ["Absolute"] = x => x[0].abs(),
        ["Negate"] = x => x[0].neg(),
        ["Tanh"] = x => x[0].tanh(),
        ["Sigmoid"] = x => x[0].sigmoid(),
        ["Softplus"] = x => F.softplus(x[0]),
        ["Silu"] = x => F.silu(x[0]),
        ["Gelu"] = x => Gelu(x[0]),
        ["GeluErf"] = x => F.gelu(x[0]),
        ["Relu"] = x => F.relu(x[0]),
        ["ReluSquared"] = x => F.relu(x[0]).square(),
        ["Clamp"] = x => x[0].clamp(0, 1.5),
        ["Power 3"] = x => x[0].pow(3),
        ["Power -2"] = x => x[0].pow(-2),
        ["Power 1.5"] = x => x[0].pow(1.5),
        ["Softcap"] = x => TorchOps.Capped(x[0], 2),
        ["Affine"] = x => 3 * x[0] - 0.5,
        ["Composed fused"] = x => F.silu(2 * x[0] + 1),
        ["Add"] = x => x[0] + x[1],
        ["Subtract"] = x => x[0] - x[1],
        ["Multiply"] = x => x[0] * x[1],
        ["Divide"] = x => x[0] / x[1],
        ["Minimum"] = x => torch.minimum(x[0], x[1]),
        ["Maximum"] = x => torch.maximum(x[0], x[1]),
        ["SwiGlu"] = x => F.silu(x[0]) * x[1],
        ["GeGlu"] = x => Gelu(x[0]) * x[1],
        ["WeightedSum"] = x => 2 * x[0] - 0.5 * x[1],
        ["ComposedBinary fused"] = x => (x[0].sigmoid() * x[1]).tanh(),
        ["Linear Gelu"] = x => Gelu(Linear(x)),
        ["Linear ReluSquared"] = x => F.relu(Linear(x)).square(),
        ["Linear Softcap"] = x => TorchOps.Capped(Linear(x), 2),
        ["Sum"] = x => 0.75 * x[0].sum().reshape(1, 1),
        ["Softmax"] = x => x[0].softmax(1),
        ["LogSoftmax"] = x => x[0].log_softmax(1),
        ["Reshape"] = x => x[0].reshape(1, -1),
        ["AppendRows, AppendColumns"] = x => torch.cat([torch.cat([x[0], x[1]], 0), x[2]], 1),
    };

    public static TorchTensor Gelu(TorchTensor x) => F.gelu(x, TorchSharp.Modules.GELU.Approximate.tanh);

    private static TorchTensor Linear(TorchTensor[] x) => F.linear(x[0], x[1], x.Length > 2 ? x[2].flatten() : null);
}
