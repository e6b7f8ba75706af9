using System.Globalization;
using System.Net;
using System.Text;

namespace TinyLM;

/// <summary>
/// A chart as HTML: lines and grid in an SVG that stretches to any width, its numbers in text of their own size beside it. Colours are the page's CSS.
/// </summary>
internal sealed class Chart
{
    private const int Width = 1000, Height = 400, LineTicks = 5;

    public required string Title { get; init; }

    /// <summary>What y is, and of what.</summary>
    public required string Unit { get; init; }

    public required ChartAxisKind XKind { get; init; }

    public ChartAxisKind YKind { get; init; }

    public required IReadOnlyList<ChartSeries> Series { get; init; }

    /// <summary>Whether each series lies on the sum of those before it, filled.</summary>
    public bool IsStacked { get; init; }

    /// <summary>Whether y begins at 0.</summary>
    public bool IsFromZero { get; init; }

    /// <summary>Whether x begins at 0; logarithms never do.</summary>
    public bool IsXFromZero { get; init; } = true;

    /// <summary>Parts of a whole, shown as a bar with a legend above the lines; the series then need none.</summary>
    public IReadOnlyList<ChartShare> Shares { get; init; } = [];

    /// <summary>Values above it are cut off; null: none are.</summary>
    public double? Highest { get; init; }

    /// <summary>The chart, or a line that says that there is nothing to show yet.</summary>
    public void Write(StringBuilder html)
    {
        html.Append(CultureInfo.InvariantCulture, $"<figure><figcaption><h3>{Encode(Title)}</h3><span>{Encode(Unit)}</span></figcaption>\n");
        (double X, double Y)[] points = [.. Stacked().SelectMany(series => series.Points).Where(point => double.IsFinite(point.Y) && double.IsFinite(point.X))];
        if (points.Length == 0)
        {
            html.Append("<p class=\"none\">nothing yet</p></figure>\n");
            return;
        }

        var x = ChartAxis.Over(XKind, IsXFromZero && XKind != ChartAxisKind.Logarithm ? 0 : points.Min(point => point.X), points.Max(point => point.X), LineTicks);
        double high = Math.Min(Highest ?? double.PositiveInfinity, points.Max(point => point.Y));
        var y = ChartAxis.Over(YKind, IsStacked || IsFromZero ? 0 : points.Min(point => point.Y), high, LineTicks - 1);
        WriteShares(html);
        WriteLegend(html);
        html.Append(CultureInfo.InvariantCulture, $"<div class=\"plot\" data-x=\"{XKind}\" data-x0=\"{x.Low:R}\" data-x1=\"{x.High:R}\" data-y=\"{YKind}\" data-y0=\"{y.Low:R}\" data-y1=\"{y.High:R}\"{(IsStacked ? " data-stacked" : "")}>");
        html.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {Height}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{Encode(Title)}\">");
        foreach (double tick in y.Ticks)
        {
            html.Append(CultureInfo.InvariantCulture, $"<path class=\"grid\" d=\"M0 {Down(y, tick)}H{Width}\"/>");
        }

        WriteLines(html, x, y);
        html.Append("</svg>");
        foreach (double tick in y.Ticks)
        {
            html.Append(CultureInfo.InvariantCulture, $"<span class=\"y\" style=\"top:{100 - 100 * y.Place(tick):0.##}%\">{y.Label(tick)}</span>");
        }

        foreach (double tick in x.Ticks)
        {
            html.Append(CultureInfo.InvariantCulture, $"<span class=\"x\" style=\"left:{100 * x.Place(tick):0.##}%\">{x.Label(tick)}</span>");
        }

        html.Append("</div></figure>\n");
    }

    internal static string Encode(string text) => WebUtility.HtmlEncode(text);

    private void WriteLegend(StringBuilder html)
    {
        ChartSeries[] named = [.. Series.Where(series => series.InLegend)];
        if (named.Length < 2)
        {
            return;
        }

        html.Append("<ul class=\"legend\">");
        foreach (ChartSeries series in named)
        {
            html.Append(CultureInfo.InvariantCulture, $"<li><i class=\"{series.Style}\"{RampOf(series)}></i>{Encode(series.Name)}</li>");
        }

        html.Append("</ul>\n");
    }

    private void WriteShares(StringBuilder html)
    {
        if (Shares.Count == 0)
        {
            return;
        }

        html.Append("<div class=\"shares\">");
        foreach (ChartShare share in Shares.Where(share => share.Share > 0))
        {
            html.Append(CultureInfo.InvariantCulture, $"<i class=\"{share.Style}\" style=\"flex:{share.Share:0.#####}\"></i>");
        }

        html.Append("</div>\n<ul class=\"legend\">");
        foreach (ChartShare share in Shares)
        {
            html.Append(CultureInfo.InvariantCulture, $"<li><i class=\"{share.Style}\"></i>{Encode(share.Name)} <b>{100 * share.Share:F1}%</b></li>");
        }

        html.Append("</ul>\n");
    }

    private void WriteLines(StringBuilder html, ChartAxis x, ChartAxis y)
    {
        IReadOnlyList<(double X, double Y)>? below = null;
        foreach (ChartSeries series in Stacked())
        {
            var path = new StringBuilder();
            if (series.IsDots)
            {
                AppendDots(path, x, y, series.Points);
            }
            else
            {
                AppendLine(path, x, y, series.Points, 'M');
            }

            if (IsStacked)
            {
                AppendLine(path, x, y, [.. (below ?? [.. series.Points.Select(point => (point.X, 0.0))]).Reverse()], 'L');
                path.Append('Z');
                below = series.Points;
            }

            html.Append(CultureInfo.InvariantCulture, $"<path class=\"{(IsStacked ? "area" : series.IsDots ? "dots" : "line")} {series.Style}\"{RampOf(series)} data-name=\"{Encode(series.Name)}\" d=\"{path}\"/>");
        }
    }

    private static void AppendLine(StringBuilder path, ChartAxis x, ChartAxis y, IReadOnlyList<(double X, double Y)> points, char first)
    {
        char command = first;
        foreach (var (px, py) in points)
        {
            if (!double.IsFinite(py))
            {
                command = 'M';
                continue;
            }

            path.Append(CultureInfo.InvariantCulture, $"{command}{Width * x.Place(px):0.#} {Down(y, py)}");
            command = 'L';
        }
    }

    /// <summary>A line without length has round ends and nothing between them.</summary>
    private static void AppendDots(StringBuilder path, ChartAxis x, ChartAxis y, IReadOnlyList<(double X, double Y)> points)
    {
        foreach (var (px, py) in points.Where(point => double.IsFinite(point.X) && double.IsFinite(point.Y)))
        {
            path.Append(CultureInfo.InvariantCulture, $"M{Width * x.Place(px):0.#} {Down(y, py)}h0");
        }
    }

    /// <summary>The series as they are drawn: each on top of those before it, where they are stacked.</summary>
    private IEnumerable<ChartSeries> Stacked()
    {
        if (!IsStacked)
        {
            return Series;
        }

        var sums = new double[Series.Count > 0 ? Series[0].Points.Count : 0];
        return Series.Select(series => series with { Points = [.. series.Points.Select((point, i) => (point.X, sums[i] += point.Y))] }).ToArray();
    }

    /// <summary>SVG counts downwards.</summary>
    private static string Down(ChartAxis y, double value) => string.Create(CultureInfo.InvariantCulture, $"{Height * (1 - Math.Clamp(y.Place(value), -0.1, 1.1)):0.##}");

    private static string RampOf(ChartSeries series) => series.Ramp is { } ramp ? string.Create(CultureInfo.InvariantCulture, $" style=\"--ramp:{100 * ramp:0.#}%\"") : "";
}
