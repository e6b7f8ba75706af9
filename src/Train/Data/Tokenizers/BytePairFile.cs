using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace TinyLM;

/// <summary>
/// Byte-pair tokenizers in Hugging Face's <c>tokenizer.json</c>: those on bytes, such as GPT-2, OPT, Llama 3 and SmolLM have. What would
/// not give every text back is refused: a normalizer, other models, a space put in front. BOS is the token that the post-processor puts in
/// front; else one of the usual names; else an id of its own after the last.
/// </summary>
internal static partial class BytePairFile
{
    private static readonly string[] BosNames = [BytePairTokenizer.EndOfText, "<|begin_of_text|>", "<s>", "<bos>", "<|bos|>"];

    /// <summary>Reads a tokenizer from <paramref name="root"/>, whose whole text is <paramref name="json"/>.</summary>
    /// <exception cref="UserException">The file is malformed, or its kind of tokenizer is not known here.</exception>
    public static BytePairTokenizer Read(JsonPart root, byte[] json)
    {
        JsonPart model = root.Require("model");
        CheckModel(model);
        if (root.Find("normalizer") is { } normalizer)
        {
            throw normalizer.Fault("alters text, so that it would not come back; set it to null");
        }

        var vocabulary = new BytePairVocabulary(model.Require("vocab"), root.Find("added_tokens"));
        List<string> merges = ReadMerges(model.Require("merges"), vocabulary, out bool areInOrder);
        byte[][] tokens = vocabulary.Tokens;
        int[] byteIds = BytePairTokenizer.FindBytes(tokens) is { } found
            ? found
            : throw model.Require("vocab").Fault("has no token for some byte, so that not every text could be encoded; expected all 256");
        int bosId = FindBos(root.Find("post_processor"), vocabulary) ?? tokens.Length;
        tokens = bosId < tokens.Length ? tokens : [.. tokens, []];
        tokens[bosId] = [];

        var splitter = new WordSplitter(ReadPatterns(root.Require("pre_tokenizer")), Atoms(vocabulary.Atoms));
        Tokenizer engine = !model.FindTruth("ignore_merges", absent: false)
            ? BpeTokenizer.Create(new BpeOptions(vocabulary.Learnt)
            {
                Merges = merges,
                ByteLevel = true,
                PreTokenizer = splitter,
                SpecialTokens = vocabulary.Atoms.Count > 0 ? vocabulary.Atoms : null,
            })
            : areInOrder && vocabulary.Atoms.Count == 0
            ? BytePairTokenizer.RankedEngine(vocabulary.Learnt.Select(token => (ByteCharacters.Decode(token.Key)!, token.Value)), splitter)
            : throw model.Require("ignore_merges").Fault("is true, which needs merges in the order of their ids and no added token that is not special");
        return new BytePairTokenizer(BytePairTokenizer.Kind, engine, tokens, byteIds, bosId, stream => stream.Write(json));
    }

    private static void CheckModel(JsonPart model)
    {
        if (model.FindText("type") is { } type and not "BPE")
        {
            throw model.Require("type").Fault($"is '{JsonPart.Shown(type)}', expected 'BPE' on bytes, as GPT-2 and Llama 3 have it");
        }

        foreach (string name in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (model.FindText(name) is { Length: > 0 })
            {
                throw model.Require(name).Fault("is not empty, so that the tokens are no bytes; expected a byte-level tokenizer");
            }
        }

        if (model.FindTruth("byte_fallback", absent: false))
        {
            throw model.Require("byte_fallback").Fault("is true, so that most tokens are no bytes; expected a byte-level tokenizer");
        }
    }

    private static List<string> ReadMerges(JsonPart merges, BytePairVocabulary vocabulary, out bool areInOrder)
    {
        var pairs = new List<string>();
        int last = -1;
        areInOrder = true;
        foreach (JsonPart merge in merges.Items())
        {
            string[] pair = merge.Value.ValueKind == JsonValueKind.Array ? [.. merge.Items().Select(item => item.Text())] : merge.Text().Split(' ');
            if (pair.Length != 2)
            {
                throw merge.Fault($"has {pair.Length} parts, expected two tokens");
            }

            foreach (string token in (string[])[.. pair, string.Concat(pair)])
            {
                if (!vocabulary.Learnt.ContainsKey(token))
                {
                    throw merge.Fault($"needs the token '{JsonPart.Shown(token)}', which is not in the vocabulary");
                }
            }

            int id = vocabulary.Learnt[string.Concat(pair)];
            areInOrder &= id > last;
            last = id;
            pairs.Add($"{pair[0]} {pair[1]}");
        }

        return pairs;
    }

    private static List<Regex> ReadPatterns(JsonPart preTokenizer)
    {
        var patterns = new List<Regex>();
        bool isByteLevel = false;
        Collect(preTokenizer);
        return isByteLevel ? patterns : throw preTokenizer.Fault("has no step 'ByteLevel', so that the tokens are no bytes");

        void Collect(JsonPart step)
        {
            string type = step.Require("type").Text();
            switch (type)
            {
                case "Sequence":
                    foreach (JsonPart inner in step.Require("pretokenizers").Items())
                    {
                        Collect(inner);
                    }

                    break;
                case "ByteLevel" when step.FindTruth("add_prefix_space", absent: true):
                    throw step.Fault("puts a space in front of each text, which would not come back as it was; set 'add_prefix_space' to false");
                case "ByteLevel":
                    isByteLevel = true;
                    if (step.FindTruth("use_regex", absent: true))
                    {
                        patterns.Add(WordSplitter.Gpt2);
                    }

                    break;
                case "Digits":
                    patterns.Add(new Regex(step.FindTruth("individual_digits", absent: false) ? @"\p{N}" : @"\p{N}+"));
                    break;
                case "Split":
                    patterns.Add(ReadSplit(step));
                    break;
                default:
                    throw step.Fault($"is of type '{JsonPart.Shown(type)}', expected ByteLevel, Split, Digits or a Sequence of them");
            }
        }
    }

    private static Regex ReadSplit(JsonPart step)
    {
        // Removing what does not match comes to the same where the pattern matches everything, as such patterns do.
        string behavior = step.Require("behavior").Text();
        if (behavior != "Isolated" && !(behavior == "Removed" && step.FindTruth("invert", absent: false)))
        {
            throw step.Fault($"has the behavior '{JsonPart.Shown(behavior)}', expected Isolated: other words than its pattern's matches");
        }

        JsonPart pattern = step.Require("pattern");
        if (pattern.FindText("String") is { } text)
        {
            return new Regex(Regex.Escape(text));
        }

        JsonPart expression = pattern.Require("Regex");
        try
        {
            return new Regex(expression.Text());
        }
        catch (ArgumentException fault)
        {
            throw expression.Fault($"is no regular expression that .NET knows: {fault.Message}");
        }
    }

    private static Regex? Atoms(Dictionary<string, int> atoms) => atoms.Count == 0
        ? null
        : new Regex(string.Join('|', atoms.Keys.OrderByDescending(atom => atom.Length).Select(Regex.Escape)));

    private static int? FindBos(JsonPart? postProcessor, BytePairVocabulary vocabulary)
    {
        if (postProcessor is { } part && FindPrefix(part) is { } name)
        {
            return vocabulary.Find(name) ?? throw part.Fault($"puts '{JsonPart.Shown(name)}' in front, which is not in the vocabulary");
        }

        return BosNames.Select(vocabulary.Find).FirstOrDefault(id => id is not null);
    }

    /// <summary>The special token that a post-processor puts in front of a text.</summary>
    private static string? FindPrefix(JsonPart postProcessor) => postProcessor.Require("type").Text() switch
    {
        "Sequence" => postProcessor.Require("processors").Items().Select(FindPrefix).FirstOrDefault(name => name is not null),
        "TemplateProcessing" => postProcessor.Require("single").Items().Take(1).Select(first => first.Find("SpecialToken")?.Require("id").Text()).FirstOrDefault(),
        _ => null,
    };
}
