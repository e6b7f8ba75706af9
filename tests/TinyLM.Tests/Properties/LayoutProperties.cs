using CsCheck;
using TinyLM.Tests.Data;

namespace TinyLM.Tests.Properties;

/// <summary>Batches of documents of random lengths: each token and target is shown as its layout promises.</summary>
[Category("Properties")]
public class LayoutProperties
{
    private static readonly Gen<Setting> Settings =
        from lengths in Draws.Size(60).Array[1, 12]
        from kind in Gen.Enum<LayoutKind>()
        from context in Draws.Size(40, least: 2)
        from rows in Gen.Int[1, 4]
        from more in Gen.Int[0, context - 1]
        from scoreEnd in Gen.Bool
        select new Setting(lengths, kind, context, rows * context + (kind == LayoutKind.Documents ? more : 0), scoreEnd);

    private static readonly Gen<Setting> WithTargets = Settings.Where(setting => setting.ScoreEnd || setting.Lengths.Max() > 1);

    [Test]
    public void In_order_all_tokens_are_shown_once_with_the_targets_and_neighbours_of_their_layout() =>
        Property.Holds("host", 300, Settings, setting =>
        {
            TokenBatch[] batches = [.. setting.Layout.InOrder(setting.Documents)];
            List<(int Id, int Target, bool Begins)> expected = Expected(setting);
            Assert.That(batches.SelectMany(batch => batch.Ids.ToArray()), Is.EqualTo(expected.Select(token => token.Id)), "ids");
            Assert.That(batches.SelectMany(batch => batch.Targets.ToArray()), Is.EqualTo(expected.Select(token => token.Target)), "targets");
            Assert.That(batches.SelectMany(batch => Begins(batch.Offsets)), Is.EqualTo(expected.Select(token => token.Begins)), "where attention begins anew");
            Assert.That(batches.Select(batch => batch.TokenCount), Is.All.InRange(1, setting.TokensPerStep));
            Assert.That(batches.Select(batch => batch.TargetCount), Is.All.Positive);
        });

    [Test]
    public void An_epoch_shows_no_target_twice_and_drops_less_than_a_step_and_a_row() =>
        Property.Holds("host", 200, Gen.Select(WithTargets, Gen.Int[0, 99], Gen.Int[0, 3]), draw =>
        {
            var (setting, seed, epoch) = draw;
            var shuffler = new DocumentShuffler(setting.Documents, setting.Layout, (ulong)seed);
            TokenBatch[] batches = [.. Enumerable.Range(0, shuffler.StepsIn(epoch)).Select(step => shuffler.BatchAt(new DataPosition(epoch, step)))];
            foreach (TokenBatch batch in batches)
            {
                Assert.That(batch.TargetCount, Is.Positive);
                Assert.That(batch.TokenCount, Is.InRange(1, setting.TokensPerStep));
                Assert.That(setting.Kind == LayoutKind.Documents || batches.Length == 1 || batch.TokenCount == setting.TokensPerStep, Is.True, "a full batch");
                Assert.That(batch.Offsets.LongestDocument, Is.InRange(1, setting.Context));
                CheckTokens(batch, setting);
            }

            int[] shown = [.. batches.SelectMany(batch => batch.Targets.ToArray()).Where(target => target is not TargetBuilder.None and not LayoutTests.Bos)];
            int all = setting.Lengths.Sum() - setting.Lengths.Length;
            Assert.That(shown, Is.Unique.And.Length.InRange(all - setting.TokensPerStep - setting.Context + 1, all));
        });

    [Test]
    public void A_shuffler_put_back_at_a_position_deals_the_same_batches() =>
        Property.Holds("host", 100, Gen.Select(WithTargets, Gen.Int[0, 99], Gen.Int[0, 12]), draw =>
        {
            var (setting, seed, skipped) = draw;
            DocumentShuffler first = New(), second = New();
            for (int i = 0; i < skipped; i++)
            {
                first.Next();
            }

            second.Position = first.Position;
            for (int i = 0; i < 5; i++)
            {
                TokenBatch expected = first.Next(), seen = second.Next();
                Assert.That(seen.Ids.ToArray(), Is.EqualTo(expected.Ids.ToArray()));
                Assert.That(seen.Targets.ToArray(), Is.EqualTo(expected.Targets.ToArray()));
                Assert.That(seen.Offsets.Starts.ToArray(), Is.EqualTo(expected.Offsets.Starts.ToArray()));
            }

            DocumentShuffler New() => new(setting.Documents, setting.Layout, (ulong)seed);
        });

    [Test]
    public void Offsets_are_taken_exactly_where_they_rise_strictly_from_0() =>
        Property.Holds("host", 300, Gen.Select(Gen.Bool, Gen.Int[-1, 6].Array[0, 6]), draw =>
        {
            // Rising in most cases, since random numbers seldom do.
            var (rising, numbers) = draw;
            int[] starts = rising ? [.. numbers.Select((_, i) => numbers[..i].Sum())] : numbers;
            bool valid = starts.Length >= 2 && starts[0] == 0 && starts.Zip(starts[1..]).All(pair => pair.First < pair.Second);
            if (!valid)
            {
                Assert.That(() => new DocumentOffsets(starts), Throws.ArgumentException);
                return;
            }

            var offsets = new DocumentOffsets(starts);
            int[] lengths = [.. Enumerable.Range(0, offsets.DocumentCount).Select(offsets.LengthOf)];
            Assert.That(offsets.Starts.ToArray(), Is.EqualTo(starts));
            Assert.That(DocumentOffsets.FromLengths(lengths).Starts.ToArray(), Is.EqualTo(starts));
            Assert.That(offsets.Positions.ToArray(), Is.EqualTo(lengths.SelectMany(length => Enumerable.Range(0, length))));
            Assert.That(offsets.LongestDocument, Is.EqualTo(lengths.Max()));
            Assert.That(offsets.LongestFirst.Select(document => lengths[document]), Is.Ordered.Descending);
            Assert.That(offsets.LongestFirst, Is.EquivalentTo(Enumerable.Range(0, lengths.Length)));
        });

    /// <summary>By the definition of each layout, token by token.</summary>
    private static List<(int Id, int Target, bool Begins)> Expected(Setting setting)
    {
        TokenizedDocuments documents = setting.Documents;
        int end = setting.ScoreEnd ? LayoutTests.Bos : TargetBuilder.None;
        var stream = new List<(int Id, int Target, bool Begins)>();
        for (int document = 0; document < documents.Count; document++)
        {
            int[] ids = documents.ToArray(document);
            (int Id, int Target, bool Begins)[] tokens = [.. ids.Select((id, i) => (id, i + 1 < ids.Length ? ids[i + 1] : end, Begins(document, i)))];

            // A lone token without target would only be context for nobody: a whole document, or a piece of one.
            bool isLone = tokens[^1].Target == TargetBuilder.None && (tokens.Length == 1 || (setting.Kind == LayoutKind.Documents && tokens[^1].Begins));
            stream.AddRange(isLone ? tokens[..^1] : tokens);
        }

        // So would a batch of one.
        bool lastIsLone = stream.Count % setting.TokensPerStep == 1 && stream[^1].Target == TargetBuilder.None;
        return setting.Kind == LayoutKind.Documents ? stream : stream[..(lastIsLone ? stream.Count - 1 : stream.Count)];

        bool Begins(int document, int place) => setting.Kind switch
        {
            LayoutKind.Documents => place % setting.Context == 0,
            LayoutKind.Packed => (stream.Count + place) % setting.Context == 0,
            _ => place == 0 || (stream.Count + place) % setting.Context == 0,
        };
    }

    private static IEnumerable<bool> Begins(DocumentOffsets offsets) => offsets.Positions.ToArray().Select(position => position == 0);

    /// <summary>Each target is the token's successor in its document, and so is the next token of the same piece or row, unless a document begins there.</summary>
    private static void CheckTokens(TokenBatch batch, Setting setting)
    {
        bool[] begins = [.. Begins(batch.Offsets)];
        for (int i = 0; i < batch.TokenCount; i++)
        {
            int id = batch.Ids[i], target = batch.Targets[i];
            bool isLone = id == LayoutTests.Bos && target == LayoutTests.Bos && setting.Lengths.Contains(1);
            bool isLast = isLone || setting.LastIds.Contains(id);
            int[] expected = isLast ? [setting.ScoreEnd ? LayoutTests.Bos : TargetBuilder.None] : id == LayoutTests.Bos ? setting.FirstIds : [id + 1];
            Assert.That(target, Is.AnyOf([.. expected.Cast<object>()]), $"the target of {id}");
            if (i + 1 < batch.TokenCount && !begins[i + 1])
            {
                Assert.That(batch.Ids[i + 1], Is.EqualTo(isLast ? LayoutTests.Bos : target), $"what follows {id}");
            }
        }
    }

    private sealed record Setting(int[] Lengths, LayoutKind Kind, int Context, int TokensPerStep, bool ScoreEnd)
    {
        public TokenizedDocuments Documents => LayoutTests.OfLengths(Lengths);

        public BatchLayout Layout => LayoutTests.Layout(Kind, Context, TokensPerStep, ScoreEnd);

        /// <summary>The first token after BOS of each document that has one.</summary>
        public int[] FirstIds { get; } = [.. Lengths.Index().Where(document => document.Item > 1).Select(document => FirstId(Lengths, document.Index))];

        /// <summary>The last token of each document that has one after BOS.</summary>
        public int[] LastIds { get; } = [.. Lengths.Index().Where(document => document.Item > 1).Select(document => FirstId(Lengths, document.Index) + document.Item - 2)];

        public override string ToString() => $"{Kind} of {OpCases.Describe(Lengths)}, context {Context}, {TokensPerStep} tokens a step{(ScoreEnd ? ", ends scored" : "")}";

        /// <summary>Tokens after BOS are all different: 100, 101, …</summary>
        private static int FirstId(int[] lengths, int document) => 100 + lengths[..document].Sum() - document;
    }
}
