/* The diagram of a cluster as SVG: to save, to print, and small, to see all. */
const namedTone = (name) => `var(--${name})`;
const lightTone = (name) => getComputedStyle(get("printed")).getPropertyValue(`--${name}`).trim();

const escaped = (text) =>
  text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

const minus = (value, places) => value.toFixed(places).replace("-", "−");

/* Round numbers from low to high, at most `most` of them. */
function ticks(low, high, most) {
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10].find((s) => (high - low) / s <= most) ?? 20;
  const first = Math.ceil(low / step - 1e-9);
  const found = [];
  for (let k = first; k * step <= high + 1e-9; k++) found.push(k * step);
  return { step, values: found };
}

const summary = (cluster) =>
  data.columns
    .filter((c) => c.interval)
    .map(({ key, name, unit }) => `${name} ${cluster.texts[key]} ${unit}`);

/* Values and what the marks mean stand around a large diagram, which is 600 wide. */
function asSvg(cluster, { colours, small = false }) {
  const [width, height] = small ? [260, 300] : [600, 720];
  const unit = small ? 0.62 : 1;
  const lines = small ? [] : summary(cluster);
  const key = small ? [] : marks(cluster);
  const top = small ? 6 : 44 + 20 * Math.ceil(lines.length / 2);
  const bottom = height - (small ? 36 : 58 + 18 * key.length);
  const [left, right] = [small ? 34 : 62, width - (small ? 6 : 16)];
  const [blue, red, bright, faint] = cluster.limits ?? [0, 1, 0, 1];
  const x = (colour) => +(left + ((colour - blue) / (red - blue)) * (right - left)).toFixed(1);
  const y = (g) => +(top + ((g - bright) / (faint - bright)) * (bottom - top)).toFixed(1);
  const path = (us, vs) => `M${us.map((u, i) => `${x(u)} ${y(vs[i])}`).join("L")}`;
  const paths = ({ colour, g }) => colour.map((us, i) => path(us, g[i])).join("");
  const ink = colours("ink");
  const say = (px, py, size, text, more = "") =>
    `<text x="${px}" y="${py}" font-size="${size}" style="fill:${ink}" ${more}>${escaped(text)}</text>`;
  const frame = `M${left} ${top}H${right}V${bottom}H${left}Z`;
  const clip = `inside-${small ? "small" : "large"}-${cluster.place}`;
  const parts = [`<clipPath id="${clip}"><path d="${frame}"/></clipPath>`, `<g clip-path="url(#${clip})">`];
  if (cluster.limits) {
    const stroke = (d, colour, w, more = "") =>
      parts.push(`<path d="${d}" style="fill:none;stroke:${colour};stroke-width:${w * unit};stroke-linejoin:round${more}"/>`);
    const band = paths(bandColumns(cluster));
    if (band) parts.push(`<path d="${band}" style="fill:${colours("band")};stroke:${colours("band")};stroke-width:1"/>`);
    parts.push(starPaths(cluster, colours, x, y, small));
    const [line, reddened] = [cluster.lines, cluster.reddened].map((p) => paths(lineColumns(cluster, p)));
    if (reddened) stroke(reddened, colours("line"), 1.4, `;stroke-dasharray:${5 * unit} ${3 * unit}`);
    if (line) stroke(line, colours("paper"), 4), stroke(line, colours("line"), 2);
  }
  parts.push("</g>", `<path d="${frame}${tickMarks(x, y, [blue, red, bright, faint], [left, right, top, bottom], small)}" style="fill:none;stroke:${ink};stroke-width:${small ? 0.7 : 1}"/>`);
  const size = small ? 9 : 13;
  for (const { step, values } of [ticks(blue, red, small ? 4 : 7)])
    for (const v of values) parts.push(say(x(v), bottom + 1.4 * size, size, minus(v, step < 1 ? 1 : 0), 'text-anchor="middle"'));
  for (const { step, values } of [ticks(bright, faint, small ? 6 : 8)])
    for (const v of values) parts.push(say(left - 0.5 * size, y(v) + 0.35 * size, size, minus(v, step < 1 ? 1 : 0), 'text-anchor="end"'));
  parts.push(say((left + right) / 2, bottom + 2.8 * size, size, "BP − RP [mag]", 'text-anchor="middle"'));
  const [tx, ty] = [small ? 10 : 18, (top + bottom) / 2];
  parts.push(say(tx, ty, size, "G [mag]", `text-anchor="middle" transform="rotate(-90 ${tx} ${ty})"`));
  if (!small) {
    parts.push(say(left, 24, 18, shownName(cluster), 'font-weight="600"'));
    lines.forEach((text, i) => parts.push(say(left + (i % 2) * 270, 48 + 20 * Math.floor(i / 2), 14, text)));
    key.forEach(({ symbol, text }, i) => {
      const at = bottom + 62 + 18 * i;
      parts.push(`<g transform="translate(${left} ${at - 4})">${symbols(colours, cluster)[symbol]}</g>`, say(left + 30, at, 12, text));
    });
  }
  // Its text is an alternative where the page has none of its own.
  const role = small ? 'aria-hidden="true"' : `role="img" aria-label="${escaped(`Colour-magnitude diagram of ${shownName(cluster)}`)}"`;
  const paper = `<rect width="${width}" height="${height}" style="fill:${colours("paper")}"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, 'DejaVu Sans', Arial, sans-serif" ${role}>${paper}${parts.join("")}</svg>`;
}

function tickMarks(x, y, [blue, red, bright, faint], [left, right, top, bottom], small) {
  const marks = [];
  const long = small ? 3 : 6;
  for (const [low, high, most, horizontal] of [[blue, red, small ? 4 : 7, true], [bright, faint, small ? 6 : 8, false]]) {
    const { step } = ticks(low, high, most);
    const fine = step / 5;
    for (let k = Math.ceil(low / fine - 1e-9); k * fine <= high + 1e-9; k++) {
      const length = k % 5 ? long / 2 : long;
      if (horizontal) marks.push(`M${x(k * fine)} ${bottom}v${-length}M${x(k * fine)} ${top}v${length}`);
      else marks.push(`M${left} ${y(k * fine)}h${length}M${right} ${y(k * fine)}h${-length}`);
    }
  }
  return marks.join("");
}

/* Stars of one colour are one path of discs; a small diagram has no more than 500. */
function starPaths(cluster, colours, x, y, small) {
  const stars = starColumns(cluster, colours);
  const n = stars.g.length;
  const step = small ? Math.max(1, Math.ceil(n / 500)) : 1;
  const r = +(Math.min(2.6, Math.max(1.1, 36 / Math.sqrt(n || 1))) * (small ? 0.55 : 1)).toFixed(2);
  const found = new Map();
  for (let i = n % step; i < n; i += step) {
    const disc = `M${x(stars.colour[i]) - r} ${y(stars.g[i])}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;
    const kind = stars.fill[i] ? `fill:${stars.fill[i]}` : `fill:none;stroke-width:0.7;stroke:${stars.edge[i]}`;
    if (!found.has(kind)) found.set(kind, []);
    found.get(kind).push(disc);
  }
  return [...found].map(([kind, discs]) => `<path d="${discs.join("")}" style="${kind}"/>`).join("");
}

function symbols(colours, cluster) {
  const star = colours(cluster.membership ? "likely" : "ink");
  return {
    star: `<circle cx="11" r="3" style="fill:${star}"/>`,
    hollow: `<circle cx="11" r="3" style="fill:none;stroke:${colours("hollow")}"/>`,
    line: `<path d="M0 0h22" style="stroke:${colours("line")};stroke-width:2"/>`,
    dashes: `<path d="M0 0h22" style="stroke:${colours("line")};stroke-width:1.4;stroke-dasharray:5 3"/>`,
    band: `<path d="M0 -4h22v8h-22z" style="fill:${colours("band")}"/>`,
  };
}
