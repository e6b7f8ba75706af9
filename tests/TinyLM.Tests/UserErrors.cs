namespace TinyLM.Tests;

/// <summary>Checks that a mistake costs the user one clear line.</summary>
public static class UserErrors
{
    /// <summary>Runs <paramref name="action"/>, which must fail with one line that holds all of <paramref name="parts"/>.</summary>
    public static void Expect(Action action, int exitCode, params string[] parts)
    {
        UserException? fault = Assert.Catch<UserException>(() => action());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(fault!.Message, Does.Not.Contain("\n"));
            Assert.That(fault.ExitCode, Is.EqualTo(exitCode));
            foreach (string part in parts)
            {
                Assert.That(fault.Message, Does.Contain(part));
            }
        }
    }

    public static void ExpectMistake(Action action, params string[] parts) => Expect(action, UserException.Mistake, parts);
}
