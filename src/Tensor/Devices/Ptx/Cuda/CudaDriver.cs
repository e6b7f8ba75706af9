using System.Runtime.InteropServices;

namespace TinyLM;

/// <summary>The functions of NVIDIA's driver that TinyLM calls; nothing else of CUDA is needed.</summary>
internal sealed unsafe class CudaDriver : IDisposable
{
    public const int OutOfMemory = 2;
    private readonly nint _library;

    private CudaDriver(nint library)
    {
        _library = library;
        Init = (delegate* unmanaged<uint, int>)Export("cuInit");
        DriverGetVersion = (delegate* unmanaged<int*, int>)Export("cuDriverGetVersion");
        DeviceGetCount = (delegate* unmanaged<int*, int>)Export("cuDeviceGetCount");
        DeviceGet = (delegate* unmanaged<int*, int, int>)Export("cuDeviceGet");
        DeviceGetName = (delegate* unmanaged<byte*, int, int, int>)Export("cuDeviceGetName");
        DeviceGetAttribute = (delegate* unmanaged<int*, int, int, int>)Export("cuDeviceGetAttribute");
        DeviceTotalMemory = (delegate* unmanaged<nuint*, int, int>)Export("cuDeviceTotalMem_v2");
        PrimaryContextRetain = (delegate* unmanaged<nint*, int, int>)Export("cuDevicePrimaryCtxRetain");
        PrimaryContextRelease = (delegate* unmanaged<int, int>)Export("cuDevicePrimaryCtxRelease_v2");
        ContextSetCurrent = (delegate* unmanaged<nint, int>)Export("cuCtxSetCurrent");
        StreamCreate = (delegate* unmanaged<nint*, uint, int>)Export("cuStreamCreate");
        StreamSynchronize = (delegate* unmanaged<nint, int>)Export("cuStreamSynchronize");
        StreamDestroy = (delegate* unmanaged<nint, int>)Export("cuStreamDestroy_v2");
        MemoryAllocate = (delegate* unmanaged<nint*, nuint, int>)Export("cuMemAlloc_v2");
        MemoryFree = (delegate* unmanaged<nint, int>)Export("cuMemFree_v2");
        MemorySet = (delegate* unmanaged<nint, byte, nuint, nint, int>)Export("cuMemsetD8Async");
        CopyToDevice = (delegate* unmanaged<nint, void*, nuint, nint, int>)Export("cuMemcpyHtoDAsync_v2");
        CopyToHost = (delegate* unmanaged<void*, nint, nuint, nint, int>)Export("cuMemcpyDtoHAsync_v2");
        ModuleLoad = (delegate* unmanaged<nint*, byte*, uint, int*, nint*, int>)Export("cuModuleLoadDataEx");
        ModuleUnload = (delegate* unmanaged<nint, int>)Export("cuModuleUnload");
        ModuleGetFunction = (delegate* unmanaged<nint*, nint, byte*, int>)Export("cuModuleGetFunction");
        FunctionSetAttribute = (delegate* unmanaged<nint, int, int, int>)Export("cuFuncSetAttribute");
        LaunchKernel = (delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int>)Export("cuLaunchKernel");
        GetErrorString = (delegate* unmanaged<int, byte**, int>)Export("cuGetErrorString");
    }

    public delegate* unmanaged<uint, int> Init { get; }

    public delegate* unmanaged<int*, int> DriverGetVersion { get; }

    public delegate* unmanaged<int*, int> DeviceGetCount { get; }

    public delegate* unmanaged<int*, int, int> DeviceGet { get; }

    public delegate* unmanaged<byte*, int, int, int> DeviceGetName { get; }

    public delegate* unmanaged<int*, int, int, int> DeviceGetAttribute { get; }

    public delegate* unmanaged<nuint*, int, int> DeviceTotalMemory { get; }

    public delegate* unmanaged<nint*, int, int> PrimaryContextRetain { get; }

    public delegate* unmanaged<int, int> PrimaryContextRelease { get; }

    public delegate* unmanaged<nint, int> ContextSetCurrent { get; }

    public delegate* unmanaged<nint*, uint, int> StreamCreate { get; }

    public delegate* unmanaged<nint, int> StreamSynchronize { get; }

    public delegate* unmanaged<nint, int> StreamDestroy { get; }

    public delegate* unmanaged<nint*, nuint, int> MemoryAllocate { get; }

    public delegate* unmanaged<nint, int> MemoryFree { get; }

    public delegate* unmanaged<nint, byte, nuint, nint, int> MemorySet { get; }

    public delegate* unmanaged<nint, void*, nuint, nint, int> CopyToDevice { get; }

    public delegate* unmanaged<void*, nint, nuint, nint, int> CopyToHost { get; }

    public delegate* unmanaged<nint*, byte*, uint, int*, nint*, int> ModuleLoad { get; }

    public delegate* unmanaged<nint, int> ModuleUnload { get; }

    public delegate* unmanaged<nint*, nint, byte*, int> ModuleGetFunction { get; }

    public delegate* unmanaged<nint, int, int, int> FunctionSetAttribute { get; }

    public delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int> LaunchKernel { get; }

    public delegate* unmanaged<int, byte**, int> GetErrorString { get; }

    /// <summary>Loads the driver; null, with the reason, where there is none.</summary>
    /// <param name="path">The library's file; null for the system's own.</param>
    /// <param name="why">Why there is none, for people.</param>
    public static CudaDriver? Load(string? path, out string why)
    {
        string name = path ?? (OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1");
        if (!NativeLibrary.TryLoad(name, out nint library))
        {
            why = $"there is no NVIDIA driver ({name} was not found)";
            return null;
        }

        try
        {
            why = "";
            return new CudaDriver(library);
        }
        catch (EntryPointNotFoundException exception)
        {
            NativeLibrary.Free(library);
            why = $"the NVIDIA driver is too old ({exception.Message})";
            return null;
        }
    }

    /// <summary>Throws what the driver says about a failed call.</summary>
    /// <param name="result">What the call returned.</param>
    /// <param name="call">The function's name.</param>
    /// <param name="doing">What it was for: "while loading the kernel …".</param>
    public void Check(int result, string call, string doing = "")
    {
        if (result != 0)
        {
            throw new DeviceException($"CUDA: {call} failed{(doing.Length > 0 ? " " : "")}{doing}: {Describe(result)}.");
        }
    }

    /// <summary>"an illegal memory access was encountered (error 700)".</summary>
    public string Describe(int result)
    {
        byte* text = null;
        _ = GetErrorString(result, &text);
        return $"{Marshal.PtrToStringUTF8((nint)text) ?? "unknown error"} (error {result})";
    }

    public void Dispose() => NativeLibrary.Free(_library);

    private nint Export(string name) => NativeLibrary.GetExport(_library, name);
}
