using TinyLM.Tests.Properties;

namespace TinyLM.Tests;

/// <summary>After the last test: the table of the checks of ops is shown and saved, the cases of the properties are shown, and the shared devices are closed.</summary>
[SetUpFixture]
public class TestsSetUp
{
    [OneTimeTearDown]
    public void Show_the_table_and_close_the_devices()
    {
        string table = CheckTable.Text();
        if (table.Length > 0)
        {
            string path = CheckTable.Save(TestContext.CurrentContext.WorkDirectory);

            // `dotnet test` shows what comes as an error, and hides the rest.
            TestContext.Error.WriteLine($"{table}({path})");
        }

        TestContext.Error.Write(PropertyCounts.Text());
        TestDevices.Close();
    }
}
