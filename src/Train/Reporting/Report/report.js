
// A readout under the pointer: the lines' own coordinates, turned back into values.
for (const plot of document.querySelectorAll(".plot")) {
  const { x, x0, x1, y, y0, y1, stacked } = plot.dataset;
  const value = (kind, low, high, share) => kind === "Logarithm" ? low * (high / low) ** share : +low + (high - low) * share;
  const number = v => v === 0 ? "0" : Math.abs(v) < 1e-3 ? v.toExponential(2) : Math.abs(v) >= 1e4 ? Math.round(v).toLocaleString("en") : String(+v.toPrecision(4));
  const time = s => s < 60 ? s.toFixed(1) + " s" : (s >= 3600 ? Math.floor(s / 3600) + ":" + String(Math.floor(s / 60) % 60).padStart(2, "0") : Math.floor(s / 60)) + ":" + String(Math.floor(s % 60)).padStart(2, "0");
  const lines = [...plot.querySelectorAll("path[data-name]:not(.faint, .dots)")].map(path => ({
    path, points: [...path.getAttribute("d").matchAll(/[ML]([-\d.]+) ([-\d.]+)/g)].map(m => [m[1] / 1000, 1 - m[2] / 400])
  }));
  if (!lines.length) continue;
  if (stacked !== undefined) for (const line of lines) line.points.length /= 2;
  const cross = document.createElement("div"), tip = document.createElement("div");
  cross.className = "cross"; tip.className = "tip"; cross.hidden = tip.hidden = true;
  plot.append(cross, tip);
  const nearest = (points, at) => points.reduce((best, p) => Math.abs(p[0] - at) < Math.abs(best[0] - at) ? p : best, points[0]);
  plot.onpointermove = event => {
    const box = plot.getBoundingClientRect(), at = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const found = lines.filter(l => l.points.length).map(l => [l, nearest(l.points, at)]);
    const place = nearest(found.map(f => f[1]), at)[0], v = value(x, x0, x1, place);
    tip.replaceChildren();
    const head = document.createElement("p");
    head.textContent = x === "Seconds" ? time(v) : x === "Number" ? number(v) : Math.round(v).toLocaleString("en");
    tip.append(head);
    found.forEach(([line, point], i) => {
      const row = document.createElement("div"), key = document.createElement("i"), text = document.createElement("b");
      key.className = line.path.getAttribute("class").replace(/line|area/, ""); key.style.cssText = line.path.style.cssText;
      const below = stacked !== undefined && i > 0 ? value(y, y0, y1, found[i - 1][1][1]) : 0;
      text.textContent = number(value(y, y0, y1, point[1]) - below);
      row.append(key, line.path.dataset.name, text); tip.append(row);
    });
    cross.style.left = place * 100 + "%";
    tip.style.left = place < 0.5 ? `calc(${place * 100}% + 12px)` : ""; tip.style.right = place < 0.5 ? "" : `calc(${100 - place * 100}% + 12px)`;
    cross.hidden = tip.hidden = false;
  };
  plot.onpointerleave = () => cross.hidden = tip.hidden = true;
}
