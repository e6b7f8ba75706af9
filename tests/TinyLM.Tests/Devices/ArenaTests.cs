namespace TinyLM.Tests;

public class ArenaTests
{
    [Test]
    public void A_recycled_block_is_handed_out_again_for_the_same_size()
    {
        using var device = Device.Open("cpu", 1);
        using Tape tape = device.BeginTape();
        Tensor first = tape.Allocate(10, 10), second = tape.Allocate(10, 10);
        device.Arena.Recycle(first);
        Assert.That(tape.Allocate(3, 3).Address, Is.Not.EqualTo(first.Address), "another size");
        Assert.That(tape.Allocate(20, 5).Address, Is.EqualTo(first.Address), "the same size");
        Assert.That(tape.Allocate(10, 10).Address, Is.Not.EqualTo(first.Address).And.Not.EqualTo(second.Address), "handed out once");
    }

    [Test]
    public void A_scope_gives_back_what_it_does_not_keep()
    {
        using var device = Device.Open("cpu", 1);
        using Tape tape = device.BeginTape();
        Tensor before = tape.Allocate(10, 10);
        int outer = device.Arena.BeginScope();
        Tensor first = tape.Allocate(10, 10), second = tape.Allocate(10, 10), recycled = tape.Allocate(10, 10);
        int inner = device.Arena.BeginScope();
        Tensor third = tape.Allocate(10, 10), fourth = tape.Allocate(10, 10);
        device.Arena.Recycle(recycled);
        device.Arena.KeepBeyondScope(inner, fourth.RowRange(4, 2));
        device.Arena.KeepBeyondScope(inner, first);
        device.Arena.EndScope(inner);
        nint[] afterInner = [tape.Allocate(10, 10).Address, tape.Allocate(10, 10).Address];
        device.Arena.KeepBeyondScope(outer, second);
        device.Arena.EndScope(outer);
        nint[] afterOuter = [.. Enumerable.Range(0, 6).Select(_ => tape.Allocate(10, 10).Address)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(afterInner, Is.EquivalentTo(new[] { recycled.Address, third.Address }));
            Assert.That(afterOuter[..4], Is.EquivalentTo(new[] { first.Address, fourth.Address, recycled.Address, third.Address }));
            Assert.That(afterOuter, Is.Unique.And.No.Member(before.Address).And.No.Member(second.Address));
        }
    }

    [Test]
    public void What_was_recycled_in_a_step_is_forgotten_in_the_next()
    {
        using var device = Device.Open("cpu", 1);
        using (Tape tape = device.BeginTape())
        {
            tape.Allocate(10, 10);
            device.Arena.Recycle(tape.Allocate(10, 10));
        }

        using Tape next = device.BeginTape();
        nint[] addresses = [.. Enumerable.Range(0, 4).Select(_ => next.Allocate(10, 10).Address)];
        Assert.That(addresses, Is.Unique);
        Assert.That(addresses, Is.Ordered);
    }

    [Test]
    public void After_the_first_steps_one_block_holds_everything()
    {
        using var device = Device.Open("cpu", 1);
        var held = new List<long>();
        for (int step = 0; step < 4; step++)
        {
            using Tape tape = device.BeginTape();
            for (int i = 0; i < 5; i++)
            {
                tape.Allocate(500, 300);
            }

            held.Add(device.AllocatedBytes);
        }

        Assert.That(held[1..], Is.All.EqualTo(held[1]));
        Assert.That(device.Arena.PeakBytes, Is.EqualTo(5 * Arena.Padded(500 * 300 * sizeof(float))));
    }

    [Test]
    public void Tensors_start_at_whole_blocks_and_do_not_overlap()
    {
        using var device = Device.Open("cpu", 1);
        using Tape tape = device.BeginTape();
        Tensor one = tape.Allocate(1, 1), empty = tape.Allocate(0, 5), next = tape.Allocate(3, 3);
        nint[] addresses = [one.Address, empty.Address, next.Address];
        Assert.That(addresses.Select(address => (long)address % Arena.Alignment), Is.All.Zero);
        Assert.That(addresses, Is.Unique);
    }

    [Test]
    public void A_tensor_of_the_device_outlives_its_steps()
    {
        using var device = Device.Open("cpu", 1);
        Tensor tensor = device.Allocate(2, 2);
        tensor.CopyFrom([1, 2, 3, 4]);
        device.BeginTape().Dispose();
        Assert.That(tensor.ToArray(), Is.EqualTo(new float[] { 1, 2, 3, 4 }));
    }
}
