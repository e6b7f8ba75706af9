using System.Reflection;
using System.Runtime.ExceptionServices;

namespace TinyLM;

/// <summary>A method marked with <see cref="KernelExampleAttribute"/>, found for a kernel.</summary>
public sealed class KernelExample
{
    private readonly MethodInfo _method;

    private KernelExample(MethodInfo method)
    {
        _method = method;
    }

    /// <summary>Class and method.</summary>
    public string Name => $"{_method.DeclaringType!.Name}.{_method.Name}";

    /// <summary>The example whose attribute fits the kernel's name most closely; null where there is none.</summary>
    /// <exception cref="ArgumentException">The marked method is not a static <c>void M(GpuDevice device)</c>.</exception>
    public static KernelExample? Find(GpuKernel kernel, IEnumerable<Assembly> assemblies)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        ArgumentNullException.ThrowIfNull(assemblies);
        const BindingFlags AnyStatic = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        string name = kernel.Name;
        MethodInfo? method = assemblies.SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetMethods(AnyStatic))
            .SelectMany(method => method.GetCustomAttributes<KernelExampleAttribute>().Select(attribute => (Method: method, Attribute: attribute)))
            .Where(found => found.Attribute.Covers(name))
            .OrderByDescending(found => found.Attribute.Kernels.Length)
            .FirstOrDefault().Method;
        return method is null ? null : new KernelExample(Close(method, kernel));
    }

    /// <summary>Runs it, and gives what the kernel did; null where the example has not launched that kernel.</summary>
    /// <exception cref="KernelFaultException">A kernel of the example is at fault.</exception>
    public KernelStatistics? Run(GpuDevice device, GpuKernel kernel)
    {
        ArgumentNullException.ThrowIfNull(device);
        try
        {
            _method.Invoke(null, [device]);
        }
        catch (TargetInvocationException exception) when (exception.InnerException is { } inner)
        {
            ExceptionDispatchInfo.Throw(inner);
        }

        return device.Statistics?.Of(kernel);
    }

    private static MethodInfo Close(MethodInfo method, GpuKernel kernel)
    {
        Type[] arguments = kernel.Method.DeclaringType!.GetGenericArguments();
        if (method.IsGenericMethodDefinition && method.GetGenericArguments().Length == arguments.Length)
        {
            method = method.MakeGenericMethod(arguments);
        }

        bool isFit = !method.ContainsGenericParameters && method.ReturnType == typeof(void)
            && method.GetParameters() is [{ ParameterType: var parameter }] && parameter == typeof(GpuDevice);
        return isFit ? method : throw new ArgumentException(
            $"[KernelExample] {method.DeclaringType!.Name}.{method.Name}: expected a static void method of one GpuDevice, generic at most as the kernel's class.");
    }
}
