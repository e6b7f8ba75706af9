using System.Runtime.InteropServices;

namespace TinyLM.Tests.Reporting;

public partial class CommandLineSignalTests
{
    private const int Terminate = 15;

    [Test, Platform(Include = "Linux"), NonParallelizable]
    public void A_request_to_terminate_ends_the_job_and_the_exit_code_is_its_own()
    {
        int exitCode = CommandLine.Run(stop =>
        {
            Assert.That(Kill(Environment.ProcessId, Terminate), Is.Zero);
            return stop.WaitHandle.WaitOne(TimeSpan.FromSeconds(30)) ? 0 : 9;
        });
        Assert.That(exitCode, Is.Zero);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
