using System.Security.Cryptography;
using System.Text;

namespace TinyLM;

/// <summary>
/// Where documents come from. It is read front to back as often as is asked for, always with the same documents, and is never held in memory:
/// a very long document comes in parts (<see cref="Document.Continues"/>).
/// </summary>
public abstract partial class DocumentSource
{
    /// <summary>What the source is called, for messages: a file's or folder's name.</summary>
    public abstract string Name { get; }

    /// <summary>How much there is to read, in the unit in which <see cref="Read"/> reports progress: bytes of its files.</summary>
    public abstract long Size { get; }

    /// <summary>True for one running text, in which there are no documents to shuffle.</summary>
    public virtual bool IsStream => false;

    /// <summary>The id that begins a document, of a source that comes tokenized; null for texts.</summary>
    public virtual int? BosId => null;

    /// <summary>Which source it is: what, where and how it is read. Two with the same identity may differ only in what time has changed.</summary>
    internal abstract string Identity { get; }

    /// <summary>Changes when the documents may have changed: the SHA-256, in hex, of the names, sizes and times of all files.</summary>
    /// <exception cref="UserException">A file is missing by now.</exception>
    public abstract string Fingerprint();

    /// <summary>The documents in their order. Nothing is read before the first is asked for.</summary>
    /// <param name="progress">Told how much of <see cref="Size"/> is read; may be null.</param>
    /// <exception cref="UserException">A file is missing, unreadable, damaged or not what it should be.</exception>
    public abstract IEnumerable<Document> Read(IProgress<long>? progress = null);

    internal static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
