namespace TinyLM;

/// <summary>How documents are laid out in a batch. <see cref="LayoutCosts"/> measures what each costs.</summary>
public enum LayoutKind
{
    /// <summary>
    /// Whole documents, as many as fit in a step; only one that is longer than the context is cut. Attention and positions begin anew at each
    /// piece.
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
    PackedIsolated,

    /// <summary>
    /// One document a sample, and as many samples a step as it has room for rows, however short they are: the classical batch, without its
    /// padding. A document that is longer than the context makes several samples.
    /// </summary>
    Unpacked,

    /// <summary>
    /// Rows that are filled with whole documents (Ding et al., "Fewer Truncations Improve Language Modeling", 2024): only documents longer
    /// than a row are cut, and each piece, the longest first, goes into the row that it fills best. Dense as <see cref="Packed"/>: a row's
    /// later documents see the earlier ones; the rest of a document that was cut stands there without BOS.
    /// </summary>
    BestFit,
}
