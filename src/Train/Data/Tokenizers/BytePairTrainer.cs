using System.Runtime.InteropServices;
using System.Text;

namespace TinyLM;

/// <summary>
/// Learns byte pairs from text (Sennrich et al., 2016): the pair of tokens that stands side by side most often, within GPT-2's words, becomes a
/// token, again and again; of two that are equally frequent the one of the lesser ids. The same text gives the same tokenizer on any machine.
/// </summary>
public sealed class BytePairTrainer
{
    /// <summary>The most text that is learnt from, in UTF-16 units (256 Mi): what comes after changes hardly any merge.</summary>
    public const long LargestSample = 1 << 28;

    /// <summary>The 256 bytes and BOS.</summary>
    private const int LeastVocabulary = 257;

    private readonly List<Word> _words;
    private readonly Dictionary<Pair, Occurrences> _pairs = [];
    private readonly PriorityQueue<Pair, (long Count, Pair Pair)> _queue = new(Comparer<(long Count, Pair Pair)>.Create(
        (a, b) => a.Count != b.Count ? b.Count.CompareTo(a.Count) : (a.Pair.Left, a.Pair.Right).CompareTo((b.Pair.Left, b.Pair.Right))));

    private BytePairTrainer(List<Word> words)
    {
        _words = words;
        for (int word = 0; word < words.Count; word++)
        {
            List<int> tokens = words[word].Tokens;
            for (int i = 0; i + 1 < tokens.Count; i++)
            {
                Count(new Pair(tokens[i], tokens[i + 1]), words[word].Count, word);
            }
        }

        foreach (var (pair, occurrences) in _pairs)
        {
            _queue.Enqueue(pair, (occurrences.Count, pair));
        }
    }

    /// <summary>A tokenizer of up to <paramref name="vocabularySize"/> ids, BOS among them; of fewer where no pair stands twice any more.</summary>
    /// <exception cref="UserException">The vocabulary has no room for all bytes and BOS.</exception>
    public static BytePairTokenizer Train(IEnumerable<string> texts, int vocabularySize)
    {
        ArgumentNullException.ThrowIfNull(texts);
        if (vocabularySize < LeastVocabulary)
        {
            throw new UserException($"BPE: a vocabulary of {vocabularySize}, expected at least {LeastVocabulary}: the 256 bytes and BOS.");
        }

        var tokens = new List<string>(Enumerable.Range(0, 256).Select(value => ByteCharacters.Encode([(byte)value])));
        var ids = tokens.Select((token, id) => (token, id)).ToDictionary(entry => entry.token, entry => entry.id);
        var merges = new List<string>();
        var trainer = new BytePairTrainer(CountWords(texts));
        while (tokens.Count + 1 < vocabularySize && trainer.Next() is { } pair)
        {
            // Two pairs may make the same token.
            string token = tokens[pair.Left] + tokens[pair.Right];
            if (!ids.TryGetValue(token, out int id))
            {
                id = tokens.Count;
                ids.Add(token, id);
                tokens.Add(token);
            }

            merges.Add($"{tokens[pair.Left]} {tokens[pair.Right]}");
            trainer.Merge(pair, id);
        }

        (string, int) bos = (BytePairTokenizer.EndOfText, tokens.Count);
        return BytePairFile.Create([.. tokens.Select((token, id) => (token, id)), bos], merges, bos, "BPE");
    }

    /// <summary>The different words and how often each stands in the texts.</summary>
    private static List<Word> CountWords(IEnumerable<string> texts)
    {
        var counts = new Dictionary<string, long>();
        Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> lookup = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        var splitter = new WordSplitter([WordSplitter.Gpt2]);
        long read = 0;
        foreach (string text in texts)
        {
            foreach (var (start, length) in splitter.PreTokenize(text))
            {
                CollectionsMarshal.GetValueRefOrAddDefault(lookup, text.AsSpan(start, length), out _)++;
            }

            read += text.Length;
            if (read > LargestSample)
            {
                break;
            }
        }

        return [.. counts.Select(entry => new Word([.. Encoding.UTF8.GetBytes(entry.Key).Select(value => (int)value)], entry.Value))];
    }

    /// <summary>The most frequent pair, or null if none stands twice.</summary>
    private Pair? Next()
    {
        while (_queue.TryDequeue(out Pair pair, out var queued))
        {
            // What was queued may be merged, or have fallen, since.
            long count = _pairs.TryGetValue(pair, out Occurrences? occurrences) ? occurrences.Count : 0;
            if (count > 1 && count == queued.Count)
            {
                return pair;
            }

            if (count > 1)
            {
                _queue.Enqueue(pair, (count, pair));
            }
        }

        return null;
    }

    /// <summary>Puts the token <paramref name="id"/> in the place of each <paramref name="pair"/>.</summary>
    private void Merge(Pair pair, int id)
    {
        var made = new HashSet<Pair>();
        _pairs.Remove(pair, out Occurrences? occurrences);
        foreach (int word in occurrences!.Words)
        {
            Merge(word, pair, id, made);
        }

        foreach (Pair neighbour in made)
        {
            _queue.Enqueue(neighbour, (_pairs[neighbour].Count, neighbour));
        }
    }

    private void Merge(int word, Pair pair, int id, HashSet<Pair> made)
    {
        var (tokens, count) = _words[word];
        int kept = 0;
        for (int i = 0; i < tokens.Count; i++)
        {
            if (i + 1 == tokens.Count || tokens[i] != pair.Left || tokens[i + 1] != pair.Right)
            {
                tokens[kept++] = tokens[i];
                continue;
            }

            if (kept > 0)
            {
                Replace(new Pair(tokens[kept - 1], pair.Left), new Pair(tokens[kept - 1], id));
            }

            if (i + 2 < tokens.Count)
            {
                Replace(new Pair(pair.Right, tokens[i + 2]), new Pair(id, tokens[i + 2]));
            }

            tokens[kept++] = id;
            i++;
        }

        tokens.RemoveRange(kept, tokens.Count - kept);

        void Replace(Pair old, Pair neighbour)
        {
            // The merged pair itself, which overlaps in "aaa", is gone already.
            if (_pairs.TryGetValue(old, out Occurrences? occurrences))
            {
                occurrences.Count -= count;
            }

            Count(neighbour, count, word);
            made.Add(neighbour);
        }
    }

    private void Count(Pair pair, long count, int word)
    {
        if (!_pairs.TryGetValue(pair, out Occurrences? occurrences))
        {
            _pairs.Add(pair, occurrences = new Occurrences());
        }

        occurrences.Count += count;
        if (occurrences.Words.Count == 0 || occurrences.Words[^1] != word)
        {
            occurrences.Words.Add(word);
        }
    }

    private readonly record struct Pair(int Left, int Right);

    private sealed record Word(List<int> Tokens, long Count);

    private sealed class Occurrences
    {
        public long Count { get; set; }

        /// <summary>Words that have, or had, the pair.</summary>
        public List<int> Words { get; } = [];
    }
}
