using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.IR.Transformations;
using ILGPU.Runtime.Cuda;

namespace TinyLM;

/// <summary>How far ILGPU optimises. The results must agree bit for bit; only <see cref="O2AsShipped"/> does not.</summary>
public enum PtxOptimization
{
    O0,
    O1,

    /// <summary>ILGPU's O2, which moves loads past stores and barriers; kept to notice when ILGPU mends it.</summary>
    O2AsShipped,

    /// <summary>What every device uses: O2 less the pass at fault.</summary>
    O2WithoutCodePlacement,
}

/// <summary>
/// Compiles kernel methods to PTX. Needs no driver; the text is the same for every card (sm_80 code, which all later cards
/// run). Compiled kernels are kept, so devices that share a compiler compile once.
/// </summary>
internal sealed partial class PtxCompiler : IDisposable
{
    /// <summary>PTX 8.0: what drivers from 12.0 on take.</summary>
    private static readonly CudaInstructionSet InstructionSet = new(8, 0);
    private static readonly CudaArchitecture Architecture = new(9, 0);
    private static readonly Dictionary<PtxOptimization, PtxCompiler> Others = [];

    private readonly Lock _lock = new();
    private readonly PtxOptimization _optimization;
    private readonly Dictionary<int, CompiledKernel> _compiled = [];
    private readonly List<Assembly> _intrinsicAssemblies = [typeof(PtxCompiler).Assembly];
    private Context? _context;
    private PTXBackend? _backend;

    public PtxCompiler(PtxOptimization optimization)
    {
        _optimization = optimization;
    }

    /// <summary>The compiler that all devices share.</summary>
    public static PtxCompiler Shared { get; } = new(PtxOptimization.O2WithoutCodePlacement);

    /// <summary>A compiler of another level that lives as long as the program.</summary>
    public static PtxCompiler At(PtxOptimization level)
    {
        if (level == PtxOptimization.O2WithoutCodePlacement)
        {
            return Shared;
        }

        lock (Others)
        {
            ref PtxCompiler? compiler = ref CollectionsMarshal.GetValueRefOrAddDefault(Others, level, out _);
            return compiler ??= new PtxCompiler(level);
        }
    }

    /// <exception cref="DeviceException">ILGPU cannot compile the method.</exception>
    public CompiledKernel Compile(GpuKernel kernel)
    {
        // ILGPU compiles many times slower from several threads at once.
        lock (_lock)
        {
            if (!_compiled.TryGetValue(kernel.Id, out CompiledKernel? compiled))
            {
                _compiled[kernel.Id] = compiled = CompileNew(kernel);
            }

            return compiled;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            CloseContext();
        }
    }

    private CompiledKernel CompileNew(GpuKernel kernel)
    {
        Assembly assembly = kernel.Method.Module.Assembly;
        if (!_intrinsicAssemblies.Contains(assembly))
        {
            _intrinsicAssemblies.Add(assembly);
            CloseContext();
        }

        try
        {
            OpenContext();
            EntryPointDescription entry = EntryPointDescription.FromExplicitlyGroupedKernel(kernel.Method);
            var compiled = (PTXCompiledKernel)_backend!.Compile(entry, default);
            return Describe(kernel, compiled.PTXAssembly);
        }
        catch (Exception exception) when (exception is not DeviceException)
        {
            // A failed compile can poison its context: every later one would fail too.
            CloseContext();
            throw new DeviceException($"{kernel.Name}: ILGPU cannot compile this kernel: {Innermost(exception).Message}", exception);
        }
    }

    private void OpenContext()
    {
        if (_backend is not null)
        {
            return;
        }

        _context = Context.Create(builder =>
        {
            builder.EnableAlgorithms().Optimize(_optimization switch
            {
                PtxOptimization.O0 => OptimizationLevel.O0,
                PtxOptimization.O1 => OptimizationLevel.O1,
                _ => OptimizationLevel.O2,
            });
            foreach (Assembly assembly in _intrinsicAssemblies)
            {
                PtxIntrinsicGenerator.Register(builder, assembly);
            }
        });
        _backend = new PTXBackend(_context, Architecture, InstructionSet, nvvmAPI: null!);
        if (_optimization == PtxOptimization.O2WithoutCodePlacement)
        {
            RemoveCodePlacement(_backend);
        }
    }

    private void CloseContext()
    {
        _backend?.Dispose();
        _context?.Dispose();
        (_backend, _context) = (null, null);
    }

    /// <summary>
    /// ILGPU 1.5.3's last O2 pass moves a load or call that only feeds a loop variable or a branch to the end of its block,
    /// past stores and barriers. Without it, O2 is right, and still better than O1.
    /// </summary>
    private static void RemoveCodePlacement(PTXBackend backend)
    {
        PropertyInfo property = typeof(Backend).GetProperty("KernelTransformers", BindingFlags.NonPublic | BindingFlags.Instance)
            ?? throw new InvalidOperationException("ILGPU's Backend has no KernelTransformers any more; see whether CodePlacement still misplaces loads.");
        var transformers = (ImmutableArray<Transformer>)property.GetValue(backend)!;
        int removed = 0;
        property.SetValue(backend, transformers.Select(transformer =>
        {
            ImmutableArray<Transformation> kept = [.. transformer.Transformations.Where(pass => pass is not CodePlacement)];
            removed += transformer.Transformations.Length - kept.Length;
            return Transformer.Create(transformer.Configuration, kept);
        }).ToImmutableArray());
        if (removed != 1)
        {
            throw new InvalidOperationException($"{removed} CodePlacement passes were removed from ILGPU's optimiser, expected exactly 1.");
        }
    }

    private static CompiledKernel Describe(GpuKernel kernel, string ptx)
    {
        Match entry = EntryPattern().Match(ptx);
        if (!entry.Success)
        {
            throw new DeviceException($"{kernel.Name}: ILGPU's PTX has no entry.");
        }

        ParameterInfo[] methodParameters = kernel.Method.GetParameters();
        MatchCollection declarations = ParameterPattern().Matches(entry.Groups["parameters"].Value);
        if (declarations.Count != methodParameters.Length)
        {
            throw new DeviceException($"{kernel.Name}: the PTX has {declarations.Count} parameters, the method {methodParameters.Length}.");
        }

        var parameters = new KernelParameter[methodParameters.Length];
        int offset = 0;
        for (int index = 0; index < parameters.Length; index++)
        {
            (int alignment, int bytes) = PtxParameterSize.Of(declarations[index]);
            offset = (offset + alignment - 1) / alignment * alignment;
            Type type = methodParameters[index].ParameterType;
            bool isView = type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ArrayView<>);
            parameters[index] = new KernelParameter(
                methodParameters[index].Name ?? $"{index}", type, isView ? type.GetGenericArguments()[0] : null, offset, bytes);
            offset += bytes;
        }

        return new CompiledKernel(kernel, ptx, entry.Groups["name"].Value, parameters);
    }

    private static Exception Innermost(Exception exception)
    {
        while (exception.InnerException is { } inner)
        {
            exception = inner;
        }

        return exception;
    }

    [GeneratedRegex(@"\.entry\s+(?<name>[\w$]+)\s*\((?<parameters>[^)]*)\)", RegexOptions.Singleline)]
    private static partial Regex EntryPattern();

    [GeneratedRegex(@"\.param\s+(?:\.align\s+(?<align>\d+)\s+)?\.(?<type>[a-z]+\d+)\s+(?<name>[\w$]+)(?:\[(?<count>\d+)\])?")]
    internal static partial Regex ParameterPattern();
}
