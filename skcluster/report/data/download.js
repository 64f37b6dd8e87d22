/* The table as CSV, and the diagram as PNG. */
function save(blob, name) {
  const link = element("a", "", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const fileName = (text, ending) => `${text.replace(/[^\p{L}\p{N}.+-]+/gu, "_")}.${ending}`;

const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/* Names of columns are those of `skcluster.estimate`. */
function asCsv(clusters) {
  const ends = (c) => (c.interval ? ["", "_lower", "_upper"] : [""]);
  const head = ["cluster", ...data.columns.flatMap((c) => ends(c).map((end) => c.key + end)), "flag"];
  const rows = clusters.map((cluster) => [
    cluster.name,
    ...data.columns.flatMap((c) => cluster.values[c.key].slice(0, ends(c).length).map((v) => v ?? "")),
    cluster.flag,
  ]);
  return [head, ...rows].map((row) => row.map((cell) => quoted(String(cell))).join(",") + "\r\n").join("");
}

get("csv").addEventListener("click", () => {
  save(new Blob([asCsv(shown)], { type: "text/csv;charset=utf-8" }), fileName(data.title, "csv"));
});

const summary = (cluster) =>
  data.columns
    .filter((c) => c.interval)
    .map(({ key, name, unit }) => `${name} ${cluster.texts[key]} ${unit}`);

/* The diagram with the cluster's name and estimate above it. */
function asImage(view) {
  const drawn = view.export("png").canvas;
  const canvas = element("canvas", "");
  const unit = window.devicePixelRatio || 1;
  const lines = summary(chosen);
  const room = (34 + 20 * Math.ceil(lines.length / 2)) * unit;
  canvas.width = drawn.width;
  canvas.height = drawn.height + room;
  const ink = canvas.getContext("2d");
  ink.fillStyle = tone("paper");
  ink.fillRect(0, 0, canvas.width, canvas.height);
  ink.drawImage(drawn, 0, room);
  ink.fillStyle = tone("ink");
  ink.font = `600 ${16 * unit}px system-ui, sans-serif`;
  ink.fillText(shownName(chosen), 10 * unit, 20 * unit, canvas.width - 20 * unit);
  ink.font = `${13 * unit}px system-ui, sans-serif`;
  lines.forEach((line, i) => {
    const [column, row] = [i % 2, Math.floor(i / 2)];
    const half = canvas.width / 2;
    ink.fillText(line, 10 * unit + column * half, (42 + 20 * row) * unit, half - 14 * unit);
  });
  return canvas;
}
