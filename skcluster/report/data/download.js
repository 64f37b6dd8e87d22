/* Tables as CSV, and the diagram as PNG or SVG, always light. */
function save(blob, name) {
  const link = element("a", "", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const fileName = (text, ending) => `${text.replace(/[^\p{L}\p{N}.+-]+/gu, "_")}.${ending}`;

const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function saveCsv(rows, name) {
  const text = rows.map((row) => row.map((cell) => quoted(String(cell))).join(",") + "\r\n").join("");
  save(new Blob([text], { type: "text/csv;charset=utf-8" }), fileName(name, "csv"));
}

/* Names of columns are those of `skcluster.estimate`. */
get("csv").addEventListener("click", () => {
  const ends = (c) => (c.interval ? ["", "_lower", "_upper"] : [""]);
  const head = ["cluster", ...data.columns.flatMap((c) => ends(c).map((end) => c.key + end)), "flag", "notes"];
  const rows = shown.map((cluster) => [
    cluster.name,
    ...data.columns.flatMap((c) => cluster.values[c.key].slice(0, ends(c).length).map((v) => v ?? "")),
    cluster.flag,
    cluster.notes,
  ]);
  saveCsv([head, ...rows], data.title);
});

get("csv-stars").addEventListener("click", () => {
  const [heads, rows] = starTable(chosen);
  saveCsv([heads.map(([name]) => name), ...rows.map((row) => row.map((v) => v.replace("−", "-").replace("–", "")))],
    `${shownName(chosen)} stars`);
});

get("svg").addEventListener("click", () => {
  const text = asSvg(chosen, { colours: lightTone });
  save(new Blob([text], { type: "image/svg+xml" }), fileName(shownName(chosen), "svg"));
});

/* 1800 x 2160 pixels: 15 cm wide at 300 per inch. */
get("png").addEventListener("click", async () => {
  const cluster = chosen;
  const image = new Image(1800, 2160);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(asSvg(cluster, { colours: lightTone }))}`;
  await image.decode();
  const canvas = element("canvas", "", { width: image.width, height: image.height });
  canvas.getContext("2d").drawImage(image, 0, 0, image.width, image.height);
  canvas.toBlob((blob) => save(blob, fileName(shownName(cluster), "png")));
});

