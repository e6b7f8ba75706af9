using System.Reflection;

namespace TinyLM;

/// <summary>
/// An ILGPU kernel method, kept in a static field beside the method: <c>static readonly GpuKernel Forward = new(ForwardKernel);</c>.
/// The method is explicitly grouped (it reads Grid and Group itself). Each device compiles it once, on first use.
/// </summary>
public sealed class GpuKernel
{
    private static int _count;

    public GpuKernel(Delegate method)
    {
        ArgumentNullException.ThrowIfNull(method);
        Method = method.Method;
        Id = Interlocked.Increment(ref _count) - 1;
    }

    public MethodInfo Method { get; }

    /// <summary>Declaring type and method, type arguments included: "Elementwise.UnaryGpu&lt;Silu&gt;.ForwardKernel".</summary>
    public string Name => $"{TypeName(Method.DeclaringType!)}.{Method.Name}{Arguments(Method.IsGenericMethod ? Method.GetGenericArguments() : [])}";

    /// <summary>A dense number, by which a device finds its compiled form.</summary>
    internal int Id { get; }

    /// <summary>
    /// The kernels of an assembly: the static <see cref="GpuKernel"/> fields of its classes. A generic class counts once for each struct
    /// that its type parameter takes, such as each formula; so do TinyLM's own generic classes for the assembly's structs.
    /// </summary>
    /// <returns>In the order of their names.</returns>
    public static IReadOnlyList<GpuKernel> Of(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        Type[] own = assembly.GetTypes();
        Type[] structs = [.. own.Where(type => type is { IsValueType: true, ContainsGenericParameters: false, IsByRefLike: false, IsEnum: false })];
        IEnumerable<Type> closed = own.Union(typeof(GpuKernel).Assembly.GetTypes())
            .Where(type => type.IsGenericTypeDefinition && Fields(type).Any())
            .SelectMany(type => structs.Select(argument => Close(type, argument)).OfType<Type>());
        return [.. own.Where(type => !type.ContainsGenericParameters).Concat(closed)
            .SelectMany(Fields).Select(field => field.GetValue(null)).OfType<GpuKernel>().Distinct().OrderBy(kernel => kernel.Name, StringComparer.Ordinal)];
    }

    private static IEnumerable<FieldInfo> Fields(Type type) =>
        type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .Where(field => field.FieldType == typeof(GpuKernel));

    /// <summary>The class for one struct; null where its constraints do not take it, or do not say what it takes.</summary>
    private static Type? Close(Type type, Type argument)
    {
        if (type.GetGenericArguments() is not [var parameter] || !parameter.GetGenericParameterConstraints().Any(constraint => constraint.IsInterface))
        {
            return null;
        }

        try
        {
            return type.MakeGenericType(argument);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static string TypeName(Type type)
    {
        string outer = type.IsNested && !type.IsGenericParameter ? TypeName(type.DeclaringType!) + "." : "";
        return $"{outer}{type.Name.Split('`')[0]}{(type.IsGenericTypeDefinition ? "" : Arguments(type.GetGenericArguments()))}";
    }

    private static string Arguments(Type[] types) => types.Length == 0 ? "" : $"<{string.Join(", ", types.Select(TypeName))}>";
}
