using System.Runtime.CompilerServices;

namespace TinyLM;

/// <summary>The argument buffer of one launch, checked against the kernel's parameters as it is filled.</summary>
internal sealed class KernelArguments
{
    private byte[] _bytes = new byte[256];
    private AddressRange[] _views = new AddressRange[16];
    private CompiledKernel? _kernel;
    private int _count;
    private int _viewCount;

    public int DynamicSharedBytes { get; set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _kernel!.ParameterBytes);

    public ReadOnlySpan<AddressRange> Views => _views.AsSpan(0, _viewCount);

    public void Begin(CompiledKernel kernel)
    {
        (_kernel, _count, _viewCount, DynamicSharedBytes) = (kernel, 0, 0, 0);
        if (_bytes.Length < kernel.ParameterBytes)
        {
            _bytes = new byte[kernel.ParameterBytes];
        }

        if (_views.Length < kernel.Parameters.Length)
        {
            _views = new AddressRange[kernel.Parameters.Length];
        }
    }

    public void AddView<T>(nint address, long length)
        where T : unmanaged
    {
        KernelParameter parameter = Next(typeof(T), isView: true);
        Unsafe.WriteUnaligned(ref _bytes[parameter.Offset], (long)address);
        Unsafe.WriteUnaligned(ref _bytes[parameter.Offset + sizeof(long)], length);
        _views[_viewCount++] = new AddressRange(address, length * Unsafe.SizeOf<T>());
    }

    public void AddValue<T>(T value)
        where T : unmanaged
    {
        KernelParameter parameter = Next(typeof(T), isView: false);
        if (parameter.Bytes != Unsafe.SizeOf<T>())
        {
            throw Wrong(
                _count - 1, $"{Unsafe.SizeOf<T>()} bytes of {typeof(T).Name}", $"{parameter.Bytes} bytes, as ILGPU lays the type out");
        }

        Unsafe.WriteUnaligned(ref _bytes[parameter.Offset], value);
    }

    public void CheckComplete()
    {
        if (_count != _kernel!.Parameters.Length)
        {
            throw Wrong(_count, "no argument", _kernel.Parameters[_count].TypeName);
        }
    }

    public void ThrowWrongDevice(Device device) => throw Wrong(_count, $"memory of another device ({device.Description})", "memory of this one");

    private KernelParameter Next(Type type, bool isView)
    {
        KernelParameter[] parameters = _kernel!.Parameters;
        if (_count >= parameters.Length)
        {
            throw new ArgumentException($"{_kernel.Name}: argument {_count + 1} is {Describe(type, isView)}, expected {parameters.Length} arguments.");
        }

        KernelParameter parameter = parameters[_count];
        if (isView ? parameter.Element != type : parameter.Type != type)
        {
            throw Wrong(_count, Describe(type, isView), parameter.TypeName);
        }

        _count++;
        return parameter;
    }

    private ArgumentException Wrong(int index, string seen, string expected)
    {
        string name = index < _kernel!.Parameters.Length ? $" '{_kernel.Parameters[index].Name}'" : "";
        return new ArgumentException($"{_kernel.Name}: parameter {index + 1}{name} was given {seen}, expected {expected}.");
    }

    private static string Describe(Type type, bool isView) => !isView ? type.Name
        : type == typeof(float) ? "a Tensor"
        : type == typeof(int) ? "an IndexTensor"
        : type == typeof(ushort) ? "a BFloat16Tensor"
        : $"a view of {type.Name}";
}
