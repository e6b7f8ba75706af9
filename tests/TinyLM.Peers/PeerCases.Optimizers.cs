using static TinyLM.Peers.Libtorch;

namespace TinyLM.Peers;

/// <content>Optimisers: what three steps with given gradients make of a matrix.</content>
internal static partial class PeerCases
{
    private const int Steps = 3;
    private const double LearningRate = 0.01, MuonLearningRate = 0.5, Decay = 0.1, GradientScale = 0.5;

    /// <summary>
    /// An iteration stretches the directions of small singular values, and with them the rounding of the steps before: up to 485 times for
    /// Jordan's coefficients and 990 for the others, times float32's 6e-8.
    /// </summary>
    private const double NewtonSchulzLimit = 1e-4;

    private static (int Rows, int Columns)[] Shapes => [(1, 17), (9, 33), (33, 9), (70, 50)];

    public static IReadOnlyList<KernelCase> Optimizers { get; } =
    [
        .. from shape in Shapes
           from rule in new[] { new AdamWRule(0.9, 0.95, 1e-8), new AdamWRule(0.8, 0.999, 1e-3) }
           select Stepped(
               "AdamW", FormattableString.Invariant($"{shape.Rows}x{shape.Columns}, betas {rule.Beta1} and {rule.Beta2}"), shape,
               (device, values, gradients) =>
               {
                   Tensor first = Zeros(device, values), second = Zeros(device, values);
                   for (int step = 1; step <= Steps; step++)
                   {
                       AdamW.Step(values, gradients[step - 1], first, second, rule, step, LearningRate, Decay, GradientScale);
                   }
               },
               parameter => torch.optim.AdamW([parameter], LearningRate, rule.Beta1, rule.Beta2, rule.Epsilon, Decay)),
        .. from shape in Shapes
           from rule in new[] { new SgdRule(0.9), new SgdRule(0.9, Nesterov: true), new SgdRule(0) }
           select Stepped(
               "Sgd", $"{shape.Rows}x{shape.Columns}{(rule.Momentum == 0 ? "" : rule.Nesterov ? ", Nesterov" : ", momentum")}", shape,
               (device, values, gradients) =>
               {
                   Tensor momentum = rule.Momentum == 0 ? default : Zeros(device, values);
                   foreach (Tensor gradient in gradients)
                   {
                       Sgd.Step(values, gradient, momentum, rule, LearningRate, Decay, GradientScale);
                   }
               },
               parameter => torch.optim.SGD([parameter], LearningRate, rule.Momentum, weight_decay: Decay, nesterov: rule.Nesterov)),
        .. from shape in Shapes
           from rule in new (string Name, NewtonSchulzRule Rule)[] { ("Jordan", NewtonSchulzRule.Jordan), ("Polar Express", NewtonSchulzRule.PolarExpress) }
           select new KernelCase(
               "NewtonSchulz", $"{shape.Rows}x{shape.Columns}, {rule.Name}", [Input("x", shape.Rows, shape.Columns)],
               (_, x) =>
               {
                   NewtonSchulz.Orthogonalize(x[0], x[0], rule.Rule);
                   return [x[0]];
               },
               x => Judge(() => Orthogonal(FromMatrix(x[0]), rule.Rule)))
           {
               Limit = NewtonSchulzLimit,
           },
        .. from shape in Shapes
           from nesterov in new[] { true, false }
           select Muon(shape, new MuonRule(0.9, nesterov)),
    ];

    /// <summary>An optimiser that libtorch has.</summary>
    private static KernelCase Stepped(
        string op, string @case, (int Rows, int Columns) shape, Action<Device, Tensor, Tensor[]> ours, Func<TorchParameter, torch.optim.Optimizer> theirs) =>
        new(op, @case, ValuesAndGradients(shape), (device, x) => Run(device, x, ours), x => Judge(() =>
        {
            var parameter = new TorchParameter(FromMatrix(x[0]));
            using torch.optim.Optimizer optimizer = theirs(parameter);
            foreach (Matrix gradient in x[1..])
            {
                parameter.grad = GradientScale * FromMatrix(gradient);
                optimizer.step();
            }

            return parameter;
        }));

    /// <summary>As torch.optim.Muon of PyTorch 2.9, which TorchSharp does not have, but not in bfloat16.</summary>
    private static KernelCase Muon((int Rows, int Columns) shape, MuonRule rule) => new(
        "Muon", $"{shape.Rows}x{shape.Columns}{(rule.Nesterov ? ", Nesterov" : "")}", ValuesAndGradients(shape),
        (device, x) => Run(device, x, (_, values, gradients) =>
        {
            Tensor momentum = Zeros(device, values);
            foreach (Tensor gradient in gradients)
            {
                TinyLM.Muon.Step(values, gradient, momentum, variance: default, rule, step: 1, MuonLearningRate, Decay, GradientScale);
            }
        }),
        x => Judge(() =>
        {
            TorchTensor values = FromMatrix(x[0]), momentum = torch.zeros_like(values);
            foreach (Matrix matrix in x[1..])
            {
                TorchTensor gradient = GradientScale * FromMatrix(matrix);
                momentum = torch.lerp(momentum, gradient, 1 - rule.Momentum);
                TorchTensor update = Orthogonal(rule.Nesterov ? torch.lerp(gradient, momentum, rule.Momentum) : momentum, rule.Orthogonalization);
                values = (1 - MuonLearningRate * Decay) * values - MuonLearningRate * Math.Sqrt(Math.Max(1, (double)shape.Rows / shape.Columns)) * update;
            }

            return values;
        }))
    {
        Limit = NewtonSchulzLimit,
    };

    private static TorchTensor Orthogonal(TorchTensor x, NewtonSchulzRule rule)
    {
        x = x / (rule.Margin * x.norm() + rule.Epsilon);
        foreach (var (a, b, c) in rule.Steps)
        {
            TorchTensor gram = x.matmul(x.t());
            x = a * x + (b * gram + c * gram.matmul(gram)).matmul(x);
        }

        return x;
    }

    private static OpInput[] ValuesAndGradients((int Rows, int Columns) shape) =>
        [Input("values", shape.Rows, shape.Columns), .. Enumerable.Range(1, Steps).Select(step => Input($"gradients {step}", shape.Rows, shape.Columns))];

    private static Tensor[] Run(Device device, Tensor[] inputs, Action<Device, Tensor, Tensor[]> steps)
    {
        steps(device, inputs[0], inputs[1..]);
        return [inputs[0]];
    }

    private static Tensor Zeros(Device device, Tensor like)
    {
        Tensor zeros = device.Temporary(like.Rows, like.Columns);
        Elementwise.Fill(zeros, 0);
        return zeros;
    }

    private static Matrix[] Judge(Func<TorchTensor> compute)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        return [compute().ToMatrix()];
    }
}
