namespace TinyLM.Tests;

public sealed class CpuQuotaTests
{
    private const double Unlimited = double.PositiveInfinity;

    [TestCase("0::/app", "app/cpu.max=150000 100000", 1.5)]
    [TestCase("0::/app", "app/cpu.max=max 100000", Unlimited)]
    [TestCase("0::/slice/app", "slice/app/cpu.max=max 100000;slice/cpu.max=50000 100000", 0.5, Description = "the group around it is narrower")]
    [TestCase("0::/slice/app", "slice/app/cpu.max=50000 100000;slice/cpu.max=300000 100000", 0.5)]
    [TestCase("0::/", "cpu.max=200000 100000", 2, Description = "a container sees itself as the root")]
    [TestCase("0::/outside/name", "cpu.max=200000 100000", 2, Description = "the host's name of a group that is mounted as the root")]
    [TestCase("4:memory:/x\n2:cpu,cpuacct:/app", "cpu,cpuacct/app/cpu.cfs_quota_us=250000;cpu,cpuacct/app/cpu.cfs_period_us=100000", 2.5)]
    [TestCase("1:cpu:/app", "cpu/app/cpu.cfs_quota_us=-1;cpu/app/cpu.cfs_period_us=100000", Unlimited)]
    [TestCase("1:cpu:/a/b\n0::/", "cpu/a/cpu.cfs_quota_us=10000;cpu/a/cpu.cfs_period_us=20000;cpu/a/b/cpu.cfs_quota_us=-1;cpu/a/b/cpu.cfs_period_us=100000", 0.5)]
    [TestCase("3:cpuset:/app", "cpuset/app/cpu.max=100000 100000", Unlimited, Description = "another controller's")]
    [TestCase("0::/app", "app/cpu.max=many few", Unlimited)]
    [TestCase("", "", Unlimited)]
    public void The_narrowest_group_counts(string membership, string files, double processors)
    {
        using var folder = new TemporaryFolder();
        string member = folder.Write("membership", membership);
        foreach (string[] file in files.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(file => file.Split('=')))
        {
            folder.Write(file[0], file[1] + "\n");
        }

        Assert.That(CpuQuota.Find(member, folder.Path), Is.EqualTo(processors));
    }

    [Test]
    public void Where_nothing_is_known_nothing_is_limited()
    {
        Assert.That(CpuQuota.Find("/no/such/file", "/no/such/folder"), Is.EqualTo(Unlimited));
        Assert.That(CpuQuota.Processors, Is.InRange(1, Environment.ProcessorCount));
    }
}
