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

    /// <summary>Declaring type and method, type arguments included: "Elementwise.UnaryKernel&lt;Silu&gt;".</summary>
    public string Name
    {
        get
        {
            string arguments = Method.IsGenericMethod ? $"<{string.Join(", ", Method.GetGenericArguments().Select(type => type.Name))}>" : "";
            return $"{Method.DeclaringType?.Name}.{Method.Name}{arguments}";
        }
    }

    /// <summary>A dense number, by which a device finds its compiled form.</summary>
    internal int Id { get; }
}
