namespace TinyLM.Tests;

/// <summary>After the last test: the table of the checks of ops is shown and saved, and the shared devices are closed.</summary>
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
            TestContext.Progress.WriteLine($"{table}({path})");
        }

        TestDevices.Close();
    }
}
