using System.Text;

namespace TinyLM;

/// <summary>
/// Runs PTX on the first NVIDIA GPU through its driver, on one stream of its own: copies and launches take place in order.
/// A fault in a kernel surfaces at a later call, and no call works after it.
/// </summary>
internal sealed unsafe class CudaHost : IPtxHost
{
    private const int ComputeCapabilityMajor = 75;
    private const int ComputeCapabilityMinor = 76;
    private const int MaximumDynamicSharedBytes = 8;
    private const int OldestDriver = 12000;
    private const int LogBytes = 16 * 1024;

    private readonly CudaDriver _driver;
    private readonly int _device;
    private readonly nint _context;
    private readonly nint _stream;
    private readonly List<CudaKernel> _kernels = [];
    private string _lastKernel = "";
    private bool _hasFailed;
    private bool _disposed;

    private CudaHost(CudaDriver driver, int device, string description)
    {
        (_driver, _device, Description) = (driver, device, description);
        nint handle = 0;
        driver.Check(driver.PrimaryContextRetain(&handle, device), "cuDevicePrimaryCtxRetain", $"on {description}");
        _context = handle;
        MakeCurrent();
        const uint NonBlocking = 1;
        driver.Check(driver.StreamCreate(&handle, NonBlocking), "cuStreamCreate");
        _stream = handle;
    }

    public string Description { get; }

    public PtxStatistics? Statistics => null;

    /// <summary>Opens the first GPU; null, with the reason, where there is none that can run the kernels.</summary>
    /// <param name="driverPath">The driver's file; null for the system's own.</param>
    /// <param name="why">Why there is none, for people.</param>
    /// <exception cref="DeviceException">There is one, but it does not work.</exception>
    public static CudaHost? TryOpen(string? driverPath, out string why)
    {
        CudaDriver? driver = CudaDriver.Load(driverPath, out why);
        if (driver is null)
        {
            return null;
        }

        try
        {
            if (!IsUsable(driver, out int device, out why))
            {
                driver.Dispose();
                return null;
            }

            return new CudaHost(driver, device, Describe(driver, device));
        }
        catch
        {
            driver.Dispose();
            throw;
        }
    }

    public nint Allocate(long bytes)
    {
        MakeCurrent();
        nint address = 0;
        int result = _driver.MemoryAllocate(&address, (nuint)bytes);
        if (result == CudaDriver.OutOfMemory)
        {
            throw new DeviceException($"CUDA: out of memory on {Description}: {bytes:N0} bytes more were asked for.");
        }

        Check(result, "cuMemAlloc", $"for {bytes:N0} bytes");
        Check(_driver.MemorySet(address, 0, (nuint)bytes, _stream), "cuMemsetD8Async");
        return address;
    }

    public void Free(nint address)
    {
        // After a fault in a kernel no call works: closing the device must not hide what was told then.
        int result = _driver.ContextSetCurrent(_context);
        result = result == 0 ? _driver.MemoryFree(address) : result;
        if (!_hasFailed)
        {
            Check(result, "cuMemFree");
        }
    }

    public void CopyToDevice(void* source, nint destination, long bytes)
    {
        if (bytes > 0)
        {
            // The source is pageable memory: the driver has taken its copy when the call returns.
            MakeCurrent();
            Check(_driver.CopyToDevice(destination, source, (nuint)bytes, _stream), "cuMemcpyHtoDAsync", $"of {bytes:N0} bytes");
        }
    }

    public void CopyToHost(nint source, void* destination, long bytes)
    {
        if (bytes > 0)
        {
            MakeCurrent();
            Check(_driver.CopyToHost(destination, source, (nuint)bytes, _stream), "cuMemcpyDtoHAsync", $"of {bytes:N0} bytes");
        }

        Synchronize();
    }

    public void Synchronize()
    {
        MakeCurrent();
        Check(_driver.StreamSynchronize(_stream), "cuStreamSynchronize");
    }

    public IPtxKernel Load(CompiledKernel kernel)
    {
        MakeCurrent();
        nint module = LoadModule(kernel);
        nint function = 0;
        fixed (byte* entry = Terminated(kernel.Entry))
        {
            _driver.Check(_driver.ModuleGetFunction(&function, module, entry), "cuModuleGetFunction", $"for the kernel {kernel.Name}");
        }

        var loaded = new CudaKernel(kernel, module, function);
        _kernels.Add(loaded);
        return loaded;
    }

    public void Launch(IPtxKernel kernel, in LaunchShape shape, ReadOnlySpan<byte> arguments, ReadOnlySpan<AddressRange> views)
    {
        MakeCurrent();
        var loaded = (CudaKernel)kernel;
        if (shape.DynamicSharedBytes > loaded.AllowedSharedBytes)
        {
            _driver.Check(
                _driver.FunctionSetAttribute(loaded.Function, MaximumDynamicSharedBytes, shape.DynamicSharedBytes),
                "cuFuncSetAttribute", $"for {shape.DynamicSharedBytes:N0} bytes of shared memory of the kernel {loaded.Compiled.Name}");
            loaded.AllowedSharedBytes = shape.DynamicSharedBytes;
        }

        const int BufferPointer = 1;
        const int BufferSize = 2;
        nuint size = (nuint)arguments.Length;
        fixed (byte* buffer = arguments)
        {
            void** extra = stackalloc void*[] { (void*)BufferPointer, buffer, (void*)BufferSize, &size, null };
            int result = _driver.LaunchKernel(
                loaded.Function, (uint)shape.GridX, (uint)shape.GridY, 1, (uint)shape.BlockX, (uint)shape.BlockY, 1,
                (uint)shape.DynamicSharedBytes, _stream, null, extra);
            if (result != 0)
            {
                Check(result, "cuLaunchKernel", $"for the kernel {loaded.Compiled.Name}, {shape}");
            }
        }

        _lastKernel = loaded.Compiled.Name;
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        // Whatever fails here, fails because the context has died before, and that has been told.
        _disposed = true;
        _ = _driver.ContextSetCurrent(_context);
        foreach (CudaKernel kernel in _kernels)
        {
            _ = _driver.ModuleUnload(kernel.Module);
        }

        _ = _driver.StreamDestroy(_stream);
        _ = _driver.PrimaryContextRelease(_device);
        _driver.Dispose();
    }

    private static bool IsUsable(CudaDriver driver, out int device, out string why)
    {
        device = 0;
        int result = driver.Init(0);
        int count = 0;
        if (result == 0)
        {
            result = driver.DeviceGetCount(&count);
        }

        if (result != 0 || count == 0)
        {
            why = result != 0 ? $"the NVIDIA driver has no usable GPU: {driver.Describe(result)}" : "the NVIDIA driver has found no GPU";
            return false;
        }

        int version = 0;
        driver.Check(driver.DriverGetVersion(&version), "cuDriverGetVersion");
        fixed (int* handle = &device)
        {
            driver.Check(driver.DeviceGet(handle, 0), "cuDeviceGet");
        }

        int major = Attribute(driver, device, ComputeCapabilityMajor);
        string capability = $"{major}.{Attribute(driver, device, ComputeCapabilityMinor)}";
        why = version < OldestDriver ? $"the NVIDIA driver is for CUDA {version / 1000}.{version % 1000 / 10}, 12.0 or later is needed"
            : major < 8 ? $"{Name(driver, device)} has compute capability {capability}, 8.0 or later is needed"
            : "";
        return why.Length == 0;
    }

    private static string Describe(CudaDriver driver, int device)
    {
        nuint bytes = 0;
        driver.Check(driver.DeviceTotalMemory(&bytes, device), "cuDeviceTotalMem");
        return $"{Name(driver, device)}, compute capability {Attribute(driver, device, ComputeCapabilityMajor)}." +
            $"{Attribute(driver, device, ComputeCapabilityMinor)}, {bytes / (1 << 30):N0} GiB";
    }

    private static string Name(CudaDriver driver, int device)
    {
        byte* name = stackalloc byte[256];
        driver.Check(driver.DeviceGetName(name, 256, device), "cuDeviceGetName");
        return new string((sbyte*)name);
    }

    private static int Attribute(CudaDriver driver, int device, int attribute)
    {
        int value = 0;
        driver.Check(driver.DeviceGetAttribute(&value, attribute, device), "cuDeviceGetAttribute");
        return value;
    }

    private static byte[] Terminated(string text) => Encoding.UTF8.GetBytes(text + '\0');

    /// <summary>The driver compiles the PTX; what its assembler says of an error comes into the message.</summary>
    private nint LoadModule(CompiledKernel kernel)
    {
        const int ErrorLogBuffer = 5;
        const int ErrorLogBytes = 6;
        var log = new byte[LogBytes];
        nint module = 0;
        int result;
        fixed (byte* text = Terminated(kernel.Ptx), logBuffer = log)
        {
            int* options = stackalloc int[] { ErrorLogBuffer, ErrorLogBytes };
            nint* values = stackalloc nint[] { (nint)logBuffer, LogBytes };
            result = _driver.ModuleLoad(&module, text, 2, options, values);
        }

        if (result != 0)
        {
            int end = Array.IndexOf(log, (byte)0);
            string words = Encoding.UTF8.GetString(log, 0, end < 0 ? log.Length : end).Trim();
            throw new DeviceException(
                $"CUDA: cuModuleLoadDataEx failed for the kernel {kernel.Name}: {_driver.Describe(result)}{(words.Length > 0 ? ": " : "")}{words}");
        }

        return module;
    }

    private void MakeCurrent() => Check(_driver.ContextSetCurrent(_context), "cuCtxSetCurrent");

    /// <summary>A failed call may tell of an earlier kernel's fault, so the last kernel is named.</summary>
    private void Check(int result, string call, string doing = "")
    {
        if (result != 0)
        {
            _hasFailed = true;
            string hint = _lastKernel.Length > 0
                ? $"(the last kernel launched was {_lastKernel}; CUDA_LAUNCH_BLOCKING=1 shows which one is at fault, device 'interpreted' why)"
                : "";
            _driver.Check(result, call, $"{doing} {hint}".Trim());
        }
    }
}
