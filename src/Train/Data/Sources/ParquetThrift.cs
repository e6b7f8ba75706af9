using System.Reflection;
using Parquet;

namespace TinyLM;

/// <summary>
/// The parser of Parquet's headers that Parquet.Net (6.1.0) keeps to itself. Where a number runs past the end of what it reads, it reads for ever; so headers are
/// tried with it beforehand, on a stream that ends with an exception.
/// </summary>
internal static class ParquetThrift
{
    private static readonly Type Reader = typeof(ParquetReader).Assembly.GetType("Parquet.Meta.Proto.ThriftCompactProtocolReader", throwOnError: true)!;

    /// <summary>Reads a structure of <c>Parquet.Meta</c>.</summary>
    /// <exception cref="IOException">The stream ends before it does.</exception>
    public static T Read<T>(StrictStream stream) => (T)typeof(T).GetMethod("Read", BindingFlags.Static | BindingFlags.NonPublic)!
        .Invoke(null, BindingFlags.DoNotWrapExceptions, null, [Activator.CreateInstance(Reader, stream)], null)!;
}
