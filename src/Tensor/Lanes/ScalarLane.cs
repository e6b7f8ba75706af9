using ILGPU.Algorithms;

namespace TinyLM;

/// <summary>One float: what a thread of a GPU kernel computes with.</summary>
public readonly struct ScalarLane : ILane<ScalarLane>
{
    public readonly float Value;

    public ScalarLane(float value)
    {
        Value = value;
    }

    public static ScalarLane operator +(ScalarLane left, ScalarLane right) => new(left.Value + right.Value);

    public static ScalarLane operator -(ScalarLane left, ScalarLane right) => new(left.Value - right.Value);

    public static ScalarLane operator *(ScalarLane left, ScalarLane right) => new(left.Value * right.Value);

    public static ScalarLane operator /(ScalarLane left, ScalarLane right) => new(left.Value / right.Value);

    public static ScalarLane operator -(ScalarLane value) => new(-value.Value);

    public static ScalarLane Constant(float value) => new(value);

    public static ScalarLane Exp(ScalarLane x) => new(XMath.Exp(x.Value));

    public static ScalarLane Log(ScalarLane x) => new(XMath.Log(x.Value));

    public static ScalarLane Sqrt(ScalarLane x) => new(XMath.Sqrt(x.Value));

    public static ScalarLane SelectGreater(ScalarLane left, ScalarLane right, ScalarLane greater, ScalarLane otherwise) =>
        left.Value > right.Value ? greater : otherwise;
}
