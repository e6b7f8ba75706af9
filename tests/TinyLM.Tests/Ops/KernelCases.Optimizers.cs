namespace TinyLM.Tests;

/// <content>Optimiser steps.</content>
public static partial class KernelCases
{
    /// <summary>
    /// Each step of the iteration stretches the directions of small singular values, and with them the rounding of the steps before: up to a·a·…,
    /// 485 for Jordan's set and 990 for the other, times float32's 6e-8.
    /// </summary>
    private const double NewtonSchulzLimit = 1e-4;

    private static IEnumerable<KernelCase> Optimizers() =>
    [
        .. from length in new[] { 1, 17, 300, 13000 }
           from rule in new[] { new SgdRule(0.9), new SgdRule(0.9, Nesterov: true), new SgdRule(0) }
           select Sgd(length, rule),
        .. from shape in MuonShapes
           from name in new[] { "Jordan", "Polar Express" }
           select NewtonSchulz(shape.Rows, shape.Columns, name),
        .. from shape in MuonShapes
           from variant in new[] { "Nesterov", "plain", "slowrun" }
           select Muon(shape.Rows, shape.Columns, variant),
    ];

    private static (int Rows, int Columns)[] MuonShapes => [(1, 1), (1, 17), (17, 1), (9, 33), (33, 9), (20, 20), (130, 100), (70, 150)];

    /// <summary>Without momentum its buffer is left out, and what is there stays.</summary>
    private static KernelCase Sgd(int length, SgdRule rule) => new(
        "Sgd", $"{length}{(rule.Momentum == 0 ? " no momentum" : rule.Nesterov ? " Nesterov" : "")}",
        [new("values", 1, length), new("gradients", 1, length), new("momentum", 1, length)],
        (_, x) =>
        {
            TinyLM.Sgd.Step(x[0], x[1], rule.Momentum == 0 ? default : x[2], rule, LearningRate, WeightDecay, GradientScale);
            return rule.Momentum == 0 ? [x[0]] : [x[0], x[2]];
        },
        x => rule.Momentum == 0
            ? [Reference.Sgd(x[0], x[1], x[2], rule, LearningRate, WeightDecay, GradientScale)[0]]
            : Reference.Sgd(x[0], x[1], x[2], rule, LearningRate, WeightDecay, GradientScale))
    {
        IsLarge = length > 5000,
    };

    private static KernelCase NewtonSchulz(int rows, int columns, string name) => new(
        "NewtonSchulz", $"{rows}x{columns} {name}", [new("x", rows, columns)],
        (device, x) => Written(device, rows, columns, y => TinyLM.NewtonSchulz.Orthogonalize(x[0], y, RuleOf(name))),
        x => [Reference.NewtonSchulz(x[0], RuleOf(name))])
    {
        IsLarge = rows * columns > 5000,
        Limit = NewtonSchulzLimit,
    };

    private static KernelCase Muon(int rows, int columns, string variant)
    {
        const long step = 4;
        MuonRule rule = variant switch
        {
            "slowrun" => MuonConfig.Slowrun.Rule with { MomentumWarmUpSteps = 10 },
            "plain" => new(0.9, Nesterov: false) { Orthogonalization = RuleOf("Polar Express") },
            _ => new(0.9),
        };
        bool evens = rule.VarianceDecay > 0;
        var shape = TinyLM.Muon.VarianceShape(rows, columns);
        return new KernelCase(
            "Muon", $"{rows}x{columns} {variant}",
            [new("values", rows, columns), new("gradients", rows, columns), new("momentum", rows, columns), new("variance", shape.Rows, shape.Columns, Draw.Positive)],
            (_, x) =>
            {
                TinyLM.Muon.Step(x[0], x[1], x[2], evens ? x[3] : default, rule, step, learningRate: 0.5, WeightDecay, GradientScale);
                return evens ? [x[0], x[2], x[3]] : [x[0], x[2]];
            },
            x => [.. Reference.Muon(x[0], x[1], x[2], x[3], rule, step, learningRate: 0.5, WeightDecay, GradientScale).Take(evens ? 3 : 2)])
        {
            IsLarge = rows * columns > 5000,
            Limit = NewtonSchulzLimit,
        };
    }

    private static NewtonSchulzRule RuleOf(string name) => name == "Jordan" ? NewtonSchulzRule.Jordan : NewtonSchulzRule.PolarExpress;
}
