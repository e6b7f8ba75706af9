using System.Globalization;

namespace TinyLM;

/// <summary>The tokenizer that a user names: <c>bytes</c>, <c>characters</c>, <c>gpt2</c>, <c>bpe</c>, <c>bpe:SIZE</c> or the path of a file or folder.</summary>
public static class TokenizerChoice
{
    /// <summary>Ids of a vocabulary that is learnt, unless told otherwise.</summary>
    public const int DefaultVocabularySize = 4096;

    /// <summary>Makes or reads it; what is learnt is learnt from <paramref name="corpus"/>.</summary>
    /// <exception cref="UserException">The name is unknown, or the file is malformed.</exception>
    public static ITokenizer Create(string name, Corpus corpus)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        return name switch
        {
            ByteTokenizer.Kind => new ByteTokenizer(),
            CharacterTokenizer.Kind => CharacterTokenizer.FromCorpus(corpus),
            BytePairTokenizer.Gpt2Kind => BytePairTokenizer.Gpt2(),
            _ when FindSize(name) is { } size => BytePairTrainer.Train(corpus.Training.Select(document => document.Text), size),
            _ when IsPath(name) => TokenizerFile.Load(name),
            _ => throw new UserException(
                $"data.tokenizer: '{name}' is unknown; known: bytes, characters, gpt2, bpe, bpe:SIZE, or a path (there is no such file or folder)."),
        };
    }

    /// <summary>The name, as a whole path if it is one.</summary>
    public static string WithWholePath(string name) => IsPath(name) ? Path.GetFullPath(name) : name;

    /// <summary>A file may not hide a kind.</summary>
    private static bool IsPath(string name) =>
        name is not (ByteTokenizer.Kind or CharacterTokenizer.Kind or BytePairTokenizer.Gpt2Kind or BytePairTokenizer.Kind) && (File.Exists(name) || Directory.Exists(name));

    private static int? FindSize(string name)
    {
        const string Prefix = $"{BytePairTokenizer.Kind}:";
        return name == BytePairTokenizer.Kind ? DefaultVocabularySize
            : name.StartsWith(Prefix, StringComparison.Ordinal) && int.TryParse(name[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int size) ? size
            : null;
    }
}
