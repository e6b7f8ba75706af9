using CsCheck;

namespace TinyLM.Tests.Properties;

/// <summary>Every op and product, of random shapes, against the reference.</summary>
[Category("Properties")]
public class OpProperties
{
    public static IEnumerable<object[]> OpsOnDevices =>
        from op in RandomOps.All
        from device in TestDevices.Names
        select new object[] { op, device };

    [TestCaseSource(nameof(OpsOnDevices))]
    public void A_random_case_agrees_with_the_reference(RandomOp op, string device) =>
        Property.Holds(device, op.Cases, Gen.Select(op.Draw(Draws.Largest(device)), Draws.Values, (@case, draw) => @case.Drawn(draw)), @case => RandomCases.Agrees(@case, device));

    /// <summary>Square ones, and those of which a block holds not all of the inner size or of the columns.</summary>
    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Names))]
    public void A_random_product_agrees_with_the_reference(string device)
    {
        int most = Draws.Largest(device);
        Gen<KernelCase> products =
            from layout in Gen.OneOf("NN", "NT", "TN")
            from shape in Gen.OneOf(
                Gen.Select(Draws.Size(most), Draws.Size(2 * most), Draws.Size(most)),
                Gen.Select(Draws.Size(20), Draws.Size(most), Draws.Size(8 * most)),
                Gen.Select(Draws.Size(20), Draws.Size(13 * most), Draws.Size(most)))
            from extras in Gen.Select(Gen.Bool, Gen.Bool, Gen.Bool, Draws.Values)
            select KernelCases.MatMul(layout, shape.Item1, shape.Item2, shape.Item3, extras.Item1, extras.Item2, extras.Item3).Drawn(extras.Item4);
        Property.Holds(device, 150, products, @case => RandomCases.Agrees(@case, device));
    }

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Names))]
    public void A_random_product_has_the_bits_of_its_widened_bfloat16_factor(string device)
    {
        int most = Draws.Largest(device);
        Property.Holds(device, 80, Gen.Select(Draws.Size(most), Draws.Size(most), Draws.Size(4 * most), Gen.Bool), draw =>
            BFloat16Tests.CheckBits(TestDevices.Get(device), draw.Item1, draw.Item2, draw.Item3, draw.Item4));
    }

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Names))]
    public void Generation_in_random_parts_agrees_with_a_pass_over_the_whole(string device)
    {
        int most = Draws.Largest(device);
        Gen<KernelCase> passes =
            from tokens in Draws.Size(most, least: 2)
            from first in Gen.Int[1, tokens - 1]
            from heads in Draws.Heads(3, most / 3, most)
            from draw in Draws.Values
            select KernelCases.AttentionCached(first, tokens, heads).Drawn(draw);
        Property.Holds(device, 80, passes, @case => RandomCases.Agrees(@case, device));
    }

    /// <summary>Every third element equals another: which of equals comes first is part of the result.</summary>
    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Names))]
    public void The_k_largest_are_the_first_k_of_a_sorted_row(string device)
    {
        Gen<KernelCase> selections =
            from rows in Draws.Size(Draws.Largest(device))
            from columns in Draws.Size(Draws.Largest(device))
            from count in Gen.Int[1, columns]
            from draw in Draws.Values
            select KernelCases.TopK(rows, columns, count).Drawn(draw);
        Property.Holds(device, 60, selections, @case =>
        {
            Matrix[] inputs = @case.Values();
            Assert.That(KernelTests.Run(@case, TestDevices.Get(device), inputs), Is.EqualTo(@case.Expected(inputs).Select(expected => expected.ToFloats())));
        });
    }
}
