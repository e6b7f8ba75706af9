using System.Globalization;
using System.Reflection;
using System.Text;

namespace TinyLM;

/// <summary>What every page has: its head, its style and its script, all in one file without anything from outside.</summary>
internal static class ReportPage
{
    private static readonly string StyleSheet = Resource("report.css"), Script = Resource("report.js");

    /// <summary>Up to within the header, which the caller may add to and must close.</summary>
    /// <param name="html">The page.</param>
    /// <param name="title">What it is about.</param>
    /// <param name="mark">HTML behind the title; may be empty.</param>
    /// <param name="facts">What a reader wants to know first, each with its name.</param>
    /// <param name="meta">More HTML for the head; may be empty.</param>
    public static void Begin(StringBuilder html, string title, string mark, IReadOnlyList<(string Name, string Value)> facts, string meta)
    {
        html.Append(CultureInfo.InvariantCulture, $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            {meta}<title>{Chart.Encode(title)} – TinyLM</title>
            <style>{StyleSheet}</style>
            </head>
            <body>
            <header>
            <h1>{Chart.Encode(title)}{mark}</h1>

            """);
        html.Append("<dl class=\"facts\">");
        foreach (var (name, value) in facts)
        {
            html.Append(CultureInfo.InvariantCulture, $"<div><dt>{Chart.Encode(name)}</dt><dd>{Chart.Encode(value)}</dd></div>");
        }

        html.Append("</dl>\n");
    }

    /// <summary>A number to be seen at once.</summary>
    public static void Tile(StringBuilder html, string name, string value, string note) =>
        html.Append(CultureInfo.InvariantCulture, $"<div class=\"tile\"><h2>{Chart.Encode(name)}</h2><p>{Chart.Encode(value)}</p><small>{Chart.Encode(note)}</small></div>\n");

    /// <summary>The end, and all of it to a stream.</summary>
    public static void End(StringBuilder html, Stream stream)
    {
        html.Append(CultureInfo.InvariantCulture, $"<script>{Script}</script>\n</body>\n</html>\n");
        stream.Write(Encoding.UTF8.GetBytes(html.ToString()));
    }

    private static string Resource(string name)
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
