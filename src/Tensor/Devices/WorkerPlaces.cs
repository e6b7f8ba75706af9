namespace TinyLM;

/// <summary>The processor that each member of a team was last seen on, for a team that is no larger than the processors are many.</summary>
internal sealed class WorkerPlaces
{
    /// <summary>No processor's number.</summary>
    private const int Unseen = -1;
    private readonly Padded<int>[] _places;

    public WorkerPlaces(int count)
    {
        _places = new Padded<int>[count];
        Array.Fill(_places, new Padded<int> { Value = Unseen });
    }

    /// <summary>Remembers where the calling thread, which is <paramref name="member"/>'s, runs.</summary>
    public void See(int member) => See(member, Processors.Current);

    /// <summary>Leaves a processor that the caller or a lower worker runs on for one that no member was seen on.</summary>
    public void Spread(int worker)
    {
        int place = Processors.Current;
        for (int other = 0; other < worker; other++)
        {
            if (Volatile.Read(ref _places[other].Value) == place && FreePlace(worker) is int free)
            {
                Processors.MoveTo(free);
                place = free;
                break;
            }
        }

        See(worker, place);
    }

    private int? FreePlace(int worker)
    {
        foreach (int processor in Processors.Allowed)
        {
            bool taken = false;
            for (int other = 0; other < _places.Length; other++)
            {
                taken |= other != worker && Volatile.Read(ref _places[other].Value) == processor;
            }

            if (!taken)
            {
                return processor;
            }
        }

        return null;
    }

    /// <summary>Written only where it changed, so that the others can read it from their own caches.</summary>
    private void See(int member, int processor)
    {
        if (Volatile.Read(ref _places[member].Value) != processor)
        {
            Volatile.Write(ref _places[member].Value, processor);
        }
    }
}
