namespace TinyLM;

/// <summary>A device that is not there, or that failed: out of memory, a lost GPU. The message is one line for the user.</summary>
public sealed class DeviceException : Exception
{
    public DeviceException(string message) : base(message)
    {
    }

    public DeviceException(string message, Exception inner) : base(message, inner)
    {
    }
}
