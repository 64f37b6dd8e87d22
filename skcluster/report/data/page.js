"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const get = (id) => document.getElementById(id);
const collator = new Intl.Collator("en", { numeric: true });
let shown = [];
let chosen = null;
let order = { key: null, down: false };

const known = Object.fromEntries(data.columns.map((column) => [column.key, column]));
const listed = data.columns.filter((column) => column.listed);

/* As `skcluster.schema.Column.decimals_of` has it. */
function decimals(value, key) {
  const { decimals, significant } = known[key];
  if (!significant || !value) return decimals;
  return Math.max(significant - 1 - Math.floor(Math.log10(Math.abs(value))), 0);
}

function printed(value, places) {
  if (value === null) return "–";
  // No minus sign before a zero, and a true one before other numbers.
  return value.toFixed(places).replace(/^-(?=[0.]+$)/, "").replace("-", "−");
}

const number = (value, key) => printed(value, decimals(value, key));

function element(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function interval([value, low, high], key) {
  if (value === null || low === null || low === undefined) return "";
  const places = decimals(value, key);
  return `${printed(low, places)} to ${printed(high, places)}`;
}

/* The table. */

function makeHead() {
  const heads = [["name", "Cluster"]];
  for (const c of listed) heads.push([c.key, c.unit ? `${c.name} [${c.unit}]` : c.name]);
  for (const [key, text] of heads) {
    const th = element("th", "", { scope: "col", "aria-sort": "none", "data-key": key });
    const button = element("button", text, { type: "button" });
    button.addEventListener("click", () => sort(key));
    th.append(button);
    get("head").append(th);
  }
}

function makeRow(cluster) {
  const row = element("tr", "", { tabindex: "-1", "aria-selected": "false" });
  const first = element("td", "");
  first.append(element("span", cluster.name));
  // Beside the name, where no scrolling hides it.
  if (cluster.flag) first.append(element("small", cluster.flag, { class: "flag" }));
  row.append(first);
  for (const { key } of listed) {
    const td = element("td", number(cluster.values[key][0], key));
    const range = interval(cluster.values[key], key);
    if (range) {
      td.append(element("br"), element("small", range));
    }
    row.append(td);
  }
  row.addEventListener("click", () => choose(cluster, true));
  row.addEventListener("focus", () => choose(cluster, false));
  cluster.row = row;
}

function sort(key) {
  order = { key, down: order.key === key ? !order.down : false };
  for (const th of get("head").children) {
    const sorted = th.dataset.key === key;
    th.setAttribute("aria-sort", sorted ? (order.down ? "descending" : "ascending") : "none");
  }
  list();
}

function compare(a, b) {
  const { key, down } = order;
  if (key === null) return a.place - b.place;
  const sign = down ? -1 : 1;
  if (key === "name") return sign * collator.compare(a.name, b.name);
  const [x, y] = [a.values[key][0], b.values[key][0]];
  // What could not be measured comes last, whichever way.
  if (x === null || y === null) return (x === null) - (y === null);
  return sign * (x - y);
}

function list() {
  const plain = (text) => text.toLowerCase().replace(/[\s_]+/g, "");
  const wanted = plain(get("search").value);
  const flagged = get("flagged").checked;
  shown = data.clusters.filter(
    (c) => (!flagged || c.flag) && (plain(c.name).includes(wanted) || plain(c.flag).includes(wanted))
  );
  shown.sort(compare);
  get("rows").replaceChildren(...shown.map((c) => c.row));
  get("count").textContent = `${shown.length} of ${data.clusters.length} clusters`;
  if (shown.length && !shown.includes(chosen)) choose(shown[0], false);
}

function choose(cluster, focus) {
  if (chosen) {
    chosen.row.setAttribute("aria-selected", "false");
    chosen.row.tabIndex = -1;
  }
  chosen = cluster;
  cluster.row.setAttribute("aria-selected", "true");
  cluster.row.tabIndex = 0;
  if (focus) cluster.row.focus();
  show(cluster);
}

get("rows").addEventListener("keydown", (event) => {
  const last = shown.length - 1;
  const now = shown.indexOf(chosen);
  const next = {
    ArrowDown: now + 1, ArrowUp: now - 1, PageDown: now + 10, PageUp: now - 10, Home: 0, End: last,
  }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  shown[Math.min(Math.max(next, 0), last)].row.focus();
});

/* One cluster. */

function show(cluster) {
  get("name").textContent = cluster.name.replaceAll("_", " ");
  get("flag").textContent = cluster.flag;
  const [facts, said] = [[], []];
  for (const { key, name, unit } of data.columns) {
    const range = interval(cluster.values[key], key);
    const text = `${number(cluster.values[key][0], key)}${range ? ` (${range})` : ""} ${unit}`.trim();
    const fact = element("div");
    fact.append(element("dt", name), element("dd", text));
    facts.push(fact);
    said.push(`${name}: ${text}`);
  }
  get("values").replaceChildren(...facts);
  const diagram = `Colour-magnitude diagram of ${get("name").textContent}`;
  get("diagram").setAttribute("aria-label", `${diagram}. ${said.join(", ")}`);
  draw(cluster);
}

function bytes(text) {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

function places(text) {
  return Array.from(new Uint16Array(bytes(text).buffer), (v) => (v * 3) / 65535 - 1);
}

function step(range) {
  const rough = range / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((f) => f * power).find((s) => s >= rough);
}

function draw(cluster) {
  const canvas = get("diagram");
  const { width, height } = canvas.getBoundingClientRect();
  if (!width) return;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const ink = canvas.getContext("2d");
  ink.scale(ratio, ratio);
  if (!cluster.limits) return;
  const [left, top, right, bottom] = [46, 8, width - 8, height - 40];
  const x = (u) => left + u * (right - left);
  const y = (v) => top + v * (bottom - top);
  ink.save();
  ink.beginPath();
  ink.rect(left, top, right - left, bottom - top);
  ink.clip();
  if (cluster.band) drawBand(ink, cluster.band, x, y);
  drawStars(ink, cluster, x, y);
  if (cluster.lines) drawLines(ink, cluster.lines.map(places), x, y);
  ink.restore();
  drawAxes(ink, cluster.limits, { left, top, right, bottom });
}

function drawBand(ink, band, x, y) {
  ink.fillStyle = "#f5cdb0";
  band.forEach((runs, i) => {
    const [from, to] = [x(i / data.cells[0]), x((i + 1) / data.cells[0])];
    for (let k = 0; k < runs.length; k += 2) {
      const [first, last] = [y(runs[k] / data.cells[1]), y(runs[k + 1] / data.cells[1])];
      ink.fillRect(from, first, to - from + 0.6, last - first);
    }
  });
}

/* From unlikely to likely members, as in `skcluster.plotting`. */
const palette = data.posterior
  ? [[169, 205, 234], [68, 135, 191], [6, 32, 63]]
  : [[184, 184, 184], [184, 184, 184], [0, 0, 0]];

function colourOf(share) {
  const [i, t] = share < 0.5 ? [0, 2 * share] : [1, 2 * share - 1];
  const mixed = palette[i].map((from, k) => Math.round(from + t * (palette[i + 1][k] - from)));
  return `rgb(${mixed.join()})`;
}

function drawStars(ink, cluster, x, y) {
  const stars = places(cluster.stars);
  const shades = cluster.shades ? bytes(cluster.shades) : null;
  const n = stars.length / 2;
  const radius = Math.min(2.2, Math.max(0.9, 30 / Math.sqrt(n)));
  const turn = Array.from({ length: n }, (_, i) => i);
  if (shades) turn.sort((a, b) => shades[a] - shades[b]);
  ink.strokeStyle = "#9a9a9a";
  ink.lineWidth = 0.6;
  for (const i of turn) {
    ink.beginPath();
    ink.arc(x(stars[2 * i]), y(stars[2 * i + 1]), radius, 0, 7);
    if (shades && shades[i] === 0) {
      ink.stroke();
    } else {
      ink.fillStyle = shades ? colourOf((shades[i] - 1) / 254) : "#000";
      ink.fill();
    }
  }
}

function drawLines(ink, lines, x, y) {
  for (const [style, width] of [["#fff", 3.4], ["#d55e00", 1.7]]) {
    ink.strokeStyle = style;
    ink.lineWidth = width;
    ink.lineJoin = "round";
    ink.beginPath();
    for (const line of lines) {
      ink.moveTo(x(line[0]), y(line[1]));
      for (let i = 2; i < line.length; i += 2) ink.lineTo(x(line[i]), y(line[i + 1]));
    }
    ink.stroke();
  }
}

function drawAxes(ink, [blue, red, bright, faint], { left, top, right, bottom }) {
  ink.strokeStyle = ink.fillStyle = "#1a1a1a";
  ink.lineWidth = 1;
  ink.strokeRect(left, top, right - left, bottom - top);
  ink.font = "13px system-ui, sans-serif";
  ink.textAlign = "center";
  ink.textBaseline = "top";
  const ticks = (low, high, mark) => {
    const s = step(high - low);
    for (let v = Math.ceil(low / s) * s; v <= high; v += s) {
      mark((v - low) / (high - low), String(Number(v.toFixed(3))));
    }
  };
  ticks(blue, red, (u, text) => {
    const at = left + u * (right - left);
    ink.fillRect(at, bottom - 5, 1, 5);
    ink.fillText(text, at, bottom + 4);
  });
  ink.fillText("BP − RP [mag]", (left + right) / 2, bottom + 21);
  ink.textAlign = "right";
  ink.textBaseline = "middle";
  ticks(bright, faint, (v, text) => {
    const at = top + v * (bottom - top);
    ink.fillRect(left, at, 5, 1);
    ink.fillText(text, left - 5, at);
  });
  ink.save();
  ink.translate(12, (top + bottom) / 2);
  ink.rotate(-Math.PI / 2);
  ink.textAlign = "center";
  ink.fillText("G [mag]", 0, 0);
  ink.restore();
}

data.clusters.forEach((cluster, place) => {
  cluster.place = place;
  makeRow(cluster);
});
makeHead();
if (data.posterior) {
  get("unused").hidden = false;
  get("stars").classList.add("posterior");
}
if (!known.metallicity) get("isochrone").textContent += ", [M/H] = 0";
get("coverage").textContent = `isochrones of ${Math.round(100 * data.coverage)} % of joint samples`;
get("search").addEventListener("input", list);
get("flagged").addEventListener("change", list);
window.addEventListener("resize", () => chosen && draw(chosen));
list();
