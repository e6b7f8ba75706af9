using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace TinyLM;

/// <summary>Documents that a program has at hand.</summary>
/// <param name="name">What they are called.</param>
/// <param name="documents">Enumerated several times, each time the same.</param>
/// <param name="isStream">Whether they are one running text.</param>
internal sealed class MemorySource(string name, IEnumerable<Document> documents, bool isStream) : DocumentSource
{
    public override string Name => name;

    public override long Size => 1;

    public override bool IsStream => isStream;

    internal override string Identity => $"memory {name} {isStream}";

    public override string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Document document in documents)
        {
            byte[] text = Encoding.UTF8.GetBytes(document.Text);
            hash.AppendData(MemoryMarshal.AsBytes<int>([text.Length, document.Continues ? 1 : 0, .. document.Ids ?? []]));
            hash.AppendData(text);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public override IEnumerable<Document> Read(IProgress<long>? progress = null) => documents;
}
