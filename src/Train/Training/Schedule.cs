using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TinyLM;

/// <summary>
/// A value over the course of a run: points of (share of the run, value), as text <c>0:1 0.5:2 1:4</c>. Between points it is read as a line
/// (<see cref="LineAt"/>) or as stairs (<see cref="StairAt"/>), whatever the field that holds it says.
/// </summary>
[JsonConverter(typeof(Converter))]
public sealed record Schedule
{
    private readonly string _text;

    private Schedule(string text, IReadOnlyList<(double Share, double Value)> points)
    {
        (_text, Points) = (text, points);
    }

    /// <summary>By rising share, from 0 to 1.</summary>
    public IReadOnlyList<(double Share, double Value)> Points { get; }

    /// <summary>Reads the text form.</summary>
    /// <exception cref="UserException">It is not of that form, or the shares do not rise within 0 and 1.</exception>
    public static Schedule Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var points = new List<(double Share, double Value)>(parts.Length);
        foreach (string part in parts)
        {
            string[] pair = part.Split(':');
            if (pair.Length != 2 || !TryParse(pair[0], out double share) || !TryParse(pair[1], out double value) || share is < 0 or > 1
                || (points.Count > 0 && share <= points[^1].Share))
            {
                throw Wrong(text);
            }

            points.Add((share, value));
        }

        return points.Count > 0 ? new Schedule(string.Join(' ', parts), points) : throw Wrong(text);
    }

    /// <summary>Between two points on the line that joins them; before the first and after the last their values.</summary>
    public double LineAt(double share)
    {
        if (share <= Points[0].Share)
        {
            return Points[0].Value;
        }

        for (int i = 1; i < Points.Count; i++)
        {
            var (end, last) = Points[i];
            if (share < end)
            {
                var (start, first) = Points[i - 1];
                return first + (last - first) * (share - start) / (end - start);
            }
        }

        return Points[^1].Value;
    }

    /// <summary>The value of the last point that has been reached; before the first, that of the first.</summary>
    public double StairAt(double share)
    {
        double value = Points[0].Value;
        for (int i = 1; i < Points.Count && Points[i].Share <= share; i++)
        {
            value = Points[i].Value;
        }

        return value;
    }

    public bool Equals(Schedule? other) => other?._text == _text;

    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => _text;

    private static bool TryParse(string text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);

    private static UserException Wrong(string text) => new(
        $"schedule: '{text}', expected points of share:value, the shares rising from 0 to at most 1, such as \"0:1 0.5:2\".");

    internal sealed class Converter : JsonConverter<Schedule>
    {
        public override Schedule Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            try
            {
                return Parse(reader.GetString()!);
            }
            catch (Exception fault) when (fault is UserException or InvalidOperationException)
            {
                throw new JsonException(fault.Message, fault);
            }
        }

        public override void Write(Utf8JsonWriter writer, Schedule value, JsonSerializerOptions options) => writer.WriteStringValue(value._text);
    }
}
