using System.Reflection;

namespace TinyLM.Tests;

/// <summary>Memory is freed where its scope ends, by the thread that used it: a finalizer would free it at any moment, under a kernel that is running.</summary>
public class FinalizerTests
{
    [Test]
    public void No_type_has_a_finalizer()
    {
        Assembly[] assemblies = [typeof(Device).Assembly, typeof(Tape).Assembly, typeof(Gpt).Assembly, typeof(Trainer).Assembly];
        Type[] types = [.. assemblies.SelectMany(assembly => assembly.GetTypes())];
        Assert.That(types, Has.Length.GreaterThan(300));
        Assert.That(
            types.Where(type => type.GetMethod("Finalize", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly, Type.EmptyTypes) is not null), Is.Empty);
    }
}
