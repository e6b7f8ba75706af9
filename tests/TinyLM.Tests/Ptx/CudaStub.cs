using System.Diagnostics;
using System.Runtime.InteropServices;

namespace TinyLM.Tests;

/// <summary>The stand-in for NVIDIA's driver, compiled by the C compiler of the machine.</summary>
internal sealed unsafe class CudaStub
{
    private readonly nint _library;

    private CudaStub(string path)
    {
        Path = path;
        _library = NativeLibrary.Load(path);
    }

    public string Path { get; }

    public string Log => Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)Export("stub_log"))())!;

    public byte[] Arguments
    {
        get
        {
            var bytes = new byte[512];
            fixed (byte* copy = bytes)
            {
                int count = ((delegate* unmanaged<byte*, int>)Export("stub_arguments"))(copy);
                return bytes[..count];
            }
        }
    }

    /// <summary>Compiles the stub; null, with the reason, where there is no C compiler.</summary>
    public static CudaStub? Build(out string why)
    {
        using Stream stream = typeof(CudaStub).Assembly.GetManifestResourceStream("stub-cuda.c")!;
        using var reader = new StreamReader(stream);
        string? library = Compile(reader.ReadToEnd(), out why);
        return library is null ? null : new CudaStub(library);
    }

    /// <summary>Compiles C to a library; null, with the reason, where there is no C compiler.</summary>
    public static string? Compile(string text, out string why)
    {
        string directory = Directory.CreateTempSubdirectory("tinylm-cuda-stub").FullName;
        string source = System.IO.Path.Combine(directory, "stub-cuda.c");
        string library = System.IO.Path.Combine(directory, "libcuda.so.1");
        File.WriteAllText(source, text);
        try
        {
            using Process compiler = Process.Start(new ProcessStartInfo("cc", ["-shared", "-fPIC", "-O1", "-o", library, source]) { RedirectStandardError = true })!;
            string errors = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            Assert.That(compiler.ExitCode, Is.Zero, errors);
            why = "";
            return library;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            why = "no C compiler 'cc' to build the stand-in for NVIDIA's driver";
            return null;
        }
    }

    public void Reset() => ((delegate* unmanaged<void>)Export("stub_reset"))();

    /// <summary>From now on <paramref name="call"/> gives <paramref name="result"/>; "every call" is all of them.</summary>
    public void Fail(string call, int result)
    {
        nint name = Marshal.StringToCoTaskMemUTF8(call);
        ((delegate* unmanaged<nint, int, void>)Export("stub_fail"))(name, result);
        Marshal.FreeCoTaskMem(name);
    }

    public void Machine(int driverVersion, int deviceCount, int computeCapability) =>
        ((delegate* unmanaged<int, int, int, void>)Export("stub_machine"))(driverVersion, deviceCount, computeCapability);

    private nint Export(string name) => NativeLibrary.GetExport(_library, name);
}
