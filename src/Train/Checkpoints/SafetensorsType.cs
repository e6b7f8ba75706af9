namespace TinyLM;

/// <summary>The element types of a safetensors file that TinyLM knows.</summary>
public enum SafetensorsType
{
    Bool,
    U8,
    I8,
    I16,
    U16,
    F16,
    BF16,
    I32,
    U32,
    F32,
    I64,
    U64,
    F64,
}
