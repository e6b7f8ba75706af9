using System.Runtime.InteropServices;
using System.Text;

namespace TinyLM.Peers;

/// <summary>Lets TorchSharp 0.107.0 load on distributions whose libstdc++ is older than GCC 13's, such as Debian 12.</summary>
internal static class NativeLibraries
{
    private const string SymbolVersion = "GLIBCXX_3.4.32";

    /// <summary>glibc's VER_FLG_WEAK: the loader only warns where the version is missing.</summary>
    private const byte Weak = 2;

    /// <summary>
    /// libLibTorchSharp.so asks for a symbol version of GCC 13 for the sake of one marker that nothing calls. That request is made weak in the copy
    /// beside the program. Call it before anything of TorchSharp is used.
    /// </summary>
    public static void Prepare()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "libLibTorchSharp.so");
        if (!OperatingSystem.IsLinux() || !File.Exists(path))
        {
            return;
        }

        // ELF's Vernaux: { uint hash; ushort flags; ushort index; uint name; uint next }. The request as it came has no flags.
        Span<byte> request = stackalloc byte[6];
        MemoryMarshal.Write(request, ElfHash(SymbolVersion));
        byte[] image = File.ReadAllBytes(path);
        int at = image.AsSpan().IndexOf(request);
        if (at >= 0)
        {
            image[at + sizeof(uint)] = Weak;
            File.WriteAllBytes($"{path}.new", image);
            File.Move($"{path}.new", path, overwrite: true);
        }
    }

    /// <summary>The System V ABI's hash of a symbol name.</summary>
    private static uint ElfHash(string name)
    {
        uint hash = 0;
        foreach (byte character in Encoding.ASCII.GetBytes(name))
        {
            hash = (hash << 4) + character;
            uint high = hash & 0xF0000000;
            hash = (hash ^ (high >> 24)) & ~high;
        }

        return hash;
    }
}
