using System.Text;

namespace TinyLM;

/// <summary>The tokens of a Hugging Face file: those that merging can reach, and those that were added, each with an id of its own.</summary>
internal sealed class BytePairVocabulary
{
    private readonly Dictionary<string, int> _ids = [];

    /// <param name="vocabulary">The model's <c>vocab</c>: an id a token, whose bytes are written as <see cref="ByteCharacters"/>.</param>
    /// <param name="added">The <c>added_tokens</c>, or null: written as they are. Those that are special never stand for text.</param>
    /// <exception cref="UserException">The ids are not 0 … count - 1, each once; or a token is not written as bytes.</exception>
    public BytePairVocabulary(JsonPart vocabulary, JsonPart? added)
    {
        var additions = new HashSet<string>();
        foreach (JsonPart token in added?.Items() ?? [])
        {
            string content = token.Require("content").Text();
            additions.Add(content);
            _ids[content] = token.Require("id").Integer();
            if (!token.FindTruth("special", absent: true))
            {
                CheckAtom(token, content);
                Atoms.Add(content, _ids[content]);
            }
        }

        foreach (var (name, part) in vocabulary.Members())
        {
            int id = part.Integer();
            if (!_ids.TryAdd(name, id) && _ids[name] != id)
            {
                throw part.Fault($"is {id}, but the added tokens say {_ids[name]}");
            }

            if (!additions.Contains(name))
            {
                Learnt.Add(name, id);
            }
        }

        Tokens = new byte[_ids.Count][];
        foreach (var (name, id) in _ids)
        {
            if ((uint)id >= (uint)Tokens.Length || Tokens[id] is not null)
            {
                throw vocabulary.Fault(
                    $"gives '{JsonPart.Shown(name)}' the id {id}, {((uint)id < (uint)Tokens.Length ? "which another token has" : "which leaves a hole")}; "
                    + $"expected 0 to {Tokens.Length - 1}, each once");
            }

            Tokens[id] = additions.Contains(name) ? Encoding.UTF8.GetBytes(name) : ByteCharacters.Decode(name)
                ?? throw vocabulary.Fault($"has the token '{JsonPart.Shown(name)}', which is not written as bytes; expected a byte-level tokenizer");
        }
    }

    /// <summary>[vocabulary]: the bytes of each token.</summary>
    public byte[][] Tokens { get; }

    /// <summary>The tokens that are bytes and merged pairs.</summary>
    public Dictionary<string, int> Learnt { get; } = [];

    /// <summary>The added tokens that stand for text wherever it has them.</summary>
    public Dictionary<string, int> Atoms { get; } = [];

    public int? Find(string name) => _ids.TryGetValue(name, out int id) ? id : null;

    private static void CheckAtom(JsonPart token, string content)
    {
        bool takesMore = token.FindTruth("lstrip", absent: false) || token.FindTruth("rstrip", absent: false) || token.FindTruth("single_word", absent: false);
        if (content.Length == 0 || takesMore)
        {
            throw token.Fault("is empty, strips white space or asks for a whole word; expected text that is matched as it stands");
        }
    }
}
