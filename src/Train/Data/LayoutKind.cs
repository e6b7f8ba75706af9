namespace TinyLM;

/// <summary>How documents are laid out in a batch.</summary>
public enum LayoutKind
{
    /// <summary>
    /// Whole documents; only one that is longer than the context is cut. Attention and positions begin anew at each piece.
    /// </summary>
    Documents,

    /// <summary>
    /// The stream of all documents cut into rows of one length, dense across documents: what nanoGPT, llm.c and most trainers do.
    /// A row may begin in mid-document, and its later documents see the earlier ones.
    /// </summary>
    Packed,

    /// <summary>
    /// The same rows and targets as <see cref="Packed"/>, but attention and positions also begin anew at each document in a row.
    /// </summary>
    Chunked,
}
