using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;
using ILGPU.IR.Values;

namespace TinyLM;

/// <summary>Makes ILGPU emit the text of a <see cref="PtxAttribute"/> in place of a call.</summary>
internal static partial class PtxIntrinsicGenerator
{
    private const BindingFlags AnyStatic = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
    private static readonly MethodInfo Generator = typeof(PtxIntrinsicGenerator).GetMethod(nameof(Generate), AnyStatic)!;

    public static void Register(Context.Builder builder, Assembly assembly)
    {
        foreach (Type type in assembly.GetTypes())
        {
            foreach (MethodInfo method in type.GetMethods(AnyStatic))
            {
                if (method.IsDefined(typeof(PtxAttribute)))
                {
                    builder.GetIntrinsicManager().RegisterMethod(
                        method, new PTXIntrinsic(Generator, IntrinsicImplementationMode.GenerateCode));
                }
            }
        }
    }

    /// <summary>ILGPU calls this by reflection for each call of a marked method.</summary>
    public static void Generate(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        _ = backend;
        var call = (MethodCall)value;
        string text = call.Target.Source.GetCustomAttribute<PtxAttribute>()!.Text;
        var arguments = new string[call.Count];
        for (int index = 0; index < arguments.Length; index++)
        {
            arguments[index] = string.Join(", ", Names(generator.Load(call[index])));
        }

        string result = call.Type.IsVoidType ? "" : string.Join(", ", Names(generator.Allocate(value)));
        generator.Builder.Append('\t').AppendLine(Placeholder().Replace(text, match =>
            match.Groups[1].Value == "d" ? result : arguments[int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)]));
    }

    private static IEnumerable<string> Names(PTXCodeGenerator.Register register) => register switch
    {
        PTXCodeGenerator.CompoundRegister compound => compound.Children.SelectMany(Names),
        PTXCodeGenerator.HardwareRegister hardware => ["%" + PTXRegisterAllocator.GetStringRepresentation(hardware)],
        PTXCodeGenerator.ConstantRegister constant => [Literal(constant)],
        _ => throw new InvalidOperationException($"A [Ptx] method cannot take {register}."),
    };

    private static string Literal(PTXCodeGenerator.ConstantRegister constant) => constant.BasicValueType switch
    {
        BasicValueType.Float32 => $"0f{BitConverter.SingleToUInt32Bits(constant.Value.Float32Value):X8}",
        BasicValueType.Float64 => $"0d{BitConverter.DoubleToUInt64Bits(constant.Value.Float64Value):X16}",
        _ => constant.Value.RawValue.ToString(CultureInfo.InvariantCulture),
    };

    [GeneratedRegex(@"\$(d|\d+)")]
    private static partial Regex Placeholder();
}
