namespace TinyLM;

/// <summary>What a user may have meant.</summary>
public static class NearestNames
{
    /// <summary>The known names that take the fewest edits, of the whole or of a part between dots.</summary>
    public static IReadOnlyList<string> Find(string name, IEnumerable<string> known, int count = 3)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(known);
        return
        [
            .. known.OrderBy(candidate => candidate.Split('.').Append(candidate).Min(part => Edits(name, part)))
                .ThenBy(candidate => candidate, StringComparer.Ordinal).Take(count),
        ];
    }

    /// <summary>Levenshtein's distance, without regard to case.</summary>
    private static int Edits(string a, string b)
    {
        int[] above = [.. Enumerable.Range(0, b.Length + 1)];
        for (int row = 1; row <= a.Length; row++)
        {
            var current = new int[b.Length + 1];
            current[0] = row;
            for (int column = 1; column <= b.Length; column++)
            {
                int replaced = above[column - 1] + (char.ToUpperInvariant(a[row - 1]) == char.ToUpperInvariant(b[column - 1]) ? 0 : 1);
                current[column] = Math.Min(replaced, Math.Min(above[column], current[column - 1]) + 1);
            }

            above = current;
        }

        return above[b.Length];
    }
}
