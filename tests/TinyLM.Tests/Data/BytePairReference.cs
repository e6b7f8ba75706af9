using System.Text;
using System.Text.RegularExpressions;

namespace TinyLM.Tests.Data;

/// <summary>Byte pairs by their definition: all counted anew for each merge, and merged one after another.</summary>
internal static class BytePairReference
{
    public static List<(byte[] Left, byte[] Right)> Learn(IEnumerable<string> texts, int vocabularySize)
    {
        List<List<int>> words = [.. texts.SelectMany(Words).Select(word => Encoding.UTF8.GetBytes(word).Select(value => (int)value).ToList())];
        List<byte[]> tokens = [.. Enumerable.Range(0, 256).Select(value => new[] { (byte)value })];
        var merges = new List<(byte[], byte[])>();
        while (tokens.Count + 1 < vocabularySize)
        {
            var best = words.SelectMany(word => word.Zip(word.Skip(1))).GroupBy(pair => pair)
                .OrderByDescending(group => group.Count()).ThenBy(group => group.Key).FirstOrDefault(group => group.Count() > 1);
            if (best is null)
            {
                break;
            }

            var (left, right) = best.Key;
            byte[] token = [.. tokens[left], .. tokens[right]];
            int id = tokens.FindIndex(known => known.SequenceEqual(token));
            if (id < 0)
            {
                id = tokens.Count;
                tokens.Add(token);
            }

            merges.Add((tokens[left], tokens[right]));
            words.ForEach(word => Merge(word, left, right, id));
        }

        return merges;
    }

    public static IEnumerable<byte[]> Encode(string text, List<(byte[] Left, byte[] Right)> merges)
    {
        foreach (string word in Words(text))
        {
            List<byte[]> tokens = [.. Encoding.UTF8.GetBytes(word).Select(value => new[] { value })];
            while (true)
            {
                int merge = merges.FindIndex(pair => tokens.Zip(tokens.Skip(1)).Any(next => next.First.SequenceEqual(pair.Left) && next.Second.SequenceEqual(pair.Right)));
                if (merge < 0)
                {
                    break;
                }

                int at = Enumerable.Range(0, tokens.Count - 1)
                    .First(i => tokens[i].SequenceEqual(merges[merge].Left) && tokens[i + 1].SequenceEqual(merges[merge].Right));
                tokens[at] = [.. tokens[at], .. tokens[at + 1]];
                tokens.RemoveAt(at + 1);
            }

            foreach (byte[] token in tokens)
            {
                yield return token;
            }
        }
    }

    private static void Merge(List<int> word, int left, int right, int id)
    {
        for (int i = 0; i + 1 < word.Count; i++)
        {
            if (word[i] == left && word[i + 1] == right)
            {
                word[i] = id;
                word.RemoveAt(i + 1);
            }
        }
    }

    private static IEnumerable<string> Words(string text) =>
        Regex.Matches(text, @"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+").Select(match => match.Value);
}
