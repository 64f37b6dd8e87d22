/* The diagram of one cluster, drawn by Bokeh; the stars' columns come as bytes. */
let plot = null;

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/* Places in the diagram, from 0 to 1, of a number of points. */
const places = (text) => Array.from(new Uint16Array(bytes(text).buffer), (v) => (v * 3) / 65535 - 1);

const even = (values) => values.filter((_, i) => i % 2 === 0);
const odd = (values) => values.filter((_, i) => i % 2 === 1);

/* A colour of the page, which knows light from dark. */
const tone = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function mixed(from, to, share) {
  if (from.startsWith("var")) return `color-mix(in srgb, ${to} ${Math.round(100 * share)}%, ${from})`;
  const parts = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  const [a, b] = [parts(from), parts(to)];
  return `rgb(${a.map((v, i) => Math.round(v + share * (b[i] - v))).join()})`;
}

/* Seventeen colours from unlikely to likely members, as in `skcluster.plotting`. */
function scale(posterior, tone) {
  const tones = (posterior ? ["unlikely", "between", "likely"] : ["faint", "faint", "ink"]).map(tone);
  return Array.from({ length: 17 }, (_, i) =>
    i < 8 ? mixed(tones[0], tones[1], i / 8) : mixed(tones[1], tones[2], (i - 8) / 8)
  );
}

const share = (value) => (value ? ((value - 1) / 254).toFixed(2) : "–");

function starColumns(cluster, colours = tone) {
  const [blue, red, bright, faint] = cluster.limits;
  const at = places(cluster.stars);
  const found = {
    colour: even(at).map((u) => blue + u * (red - blue)),
    g: odd(at).map((v) => bright + v * (faint - bright)),
  };
  const n = found.g.length;
  const probability = cluster.probability && bytes(cluster.probability);
  const membership = cluster.membership && bytes(cluster.membership);
  if (probability) found.probability = Array.from(probability, share);
  if (membership) found.membership = Array.from(membership, (v) => (v ? share(v) : "not used"));
  if (cluster.parallax) {
    const values = new Float32Array(bytes(cluster.parallax).buffer);
    found.parallax = Array.from(values, (v) => (isNaN(v) ? "–" : v.toFixed(3).replace("-", "−")));
  }
  if (Array.isArray(cluster.source_id)) found.source_id = cluster.source_id;
  else if (cluster.source_id) {
    found.source_id = Array.from(new BigInt64Array(bytes(cluster.source_id).buffer), String);
  }
  const shades = membership || probability;
  const tones = scale(Boolean(membership), colours);
  const [ink, hollow] = [colours("ink"), colours("hollow")];
  // A star that the list gives no probability is used all the same.
  found.fill = Array.from({ length: n }, (_, i) =>
    !shades ? ink : shades[i] ? tones[Math.round((shades[i] - 1) / 15.875)] : membership ? null : tones[0]
  );
  found.edge = found.fill.map((fill) => (fill ? null : hollow));
  if (shades) inOrder(found, shades);
  return found;
}

/* The likeliest members on top. */
function inOrder(columns, shades) {
  const turn = Array.from(shades.keys()).sort((a, b) => shades[a] - shades[b]);
  for (const name of Object.keys(columns)) columns[name] = turn.map((i) => columns[name][i]);
}

function lineColumns(cluster, parts) {
  const [blue, red, bright, faint] = cluster.limits;
  const lines = (parts ?? []).map(places);
  return {
    colour: lines.map((line) => even(line).map((u) => blue + u * (red - blue))),
    g: lines.map((line) => odd(line).map((v) => bright + v * (faint - bright))),
  };
}

/* The band as quadrangles between neighbouring columns of cells. */
function bandColumns(cluster) {
  const [blue, red, bright, faint] = cluster.limits;
  const found = { colour: [], g: [] };
  const [columns, rows] = data.cells;
  const band = cluster.band ?? [];
  for (let i = 0; i + 1 < band.length; i++) {
    for (let k = 0; k < band[i].length; k += 2) {
      const [top, bottom] = band[i].slice(k, k + 2);
      for (let m = 0; m < band[i + 1].length; m += 2) {
        const [nextTop, nextBottom] = band[i + 1].slice(m, m + 2);
        if (nextTop >= bottom || top >= nextBottom) continue;
        found.colour.push([0, 1, 1, 0].map((step) => blue + ((i + 0.5 + step) / columns) * (red - blue)));
        found.g.push([top, nextTop, nextBottom, bottom].map((v) => bright + (v / rows) * (faint - bright)));
      }
    }
  }
  return found;
}

const model = (name) => plot.document.get_model_by_name(name);

function draw(cluster) {
  if (!plot) return;
  const empty = { ...cluster, limits: [0, 1, 0, 1], stars: "" };
  const drawn = cluster.limits ? cluster : empty;
  const [blue, red, bright, faint] = drawn.limits;
  const stars = starColumns(drawn);
  for (const name of Object.keys(model("stars").data)) stars[name] ??= stars.g.map(() => "–");
  plot.x_range.setv({ start: blue, end: red, reset_start: blue, reset_end: red });
  plot.y_range.setv({ start: faint, end: bright, reset_start: faint, reset_end: bright });
  model("points").glyph.size = Math.min(5, Math.max(2, 70 / Math.sqrt(stars.g.length || 1)));
  model("stars").data = stars;
  model("lines").data = lineColumns(drawn, drawn.lines);
  model("reddened").data = lineColumns(drawn, drawn.reddened);
  model("band").data = bandColumns(drawn);
}

/* The page's colours, which change when the system's setting does. */
function paint() {
  plot.setv({ outline_line_color: tone("ink") });
  for (const axis of [...plot.left, ...plot.below]) {
    axis.setv({
      axis_label_text_color: tone("ink"), major_label_text_color: tone("ink"),
      axis_line_color: tone("ink"), major_tick_line_color: tone("ink"), minor_tick_line_color: tone("ink"),
    });
  }
  model("area").glyph.setv({ fill_color: tone("band"), line_color: tone("band") });
  model("dashes").glyph.setv({ line_color: tone("line") });
  model("halo").glyph.setv({ line_color: tone("paper") });
  model("isochrone").glyph.setv({ line_color: tone("line") });
}

/* A finger on the diagram scrolls the page, unless a tool that needs it was chosen. */
function leaveScrolling(view) {
  const drag = plot.toolbar.gestures.pan;
  const set = () => {
    view.canvas_view.events_el.style.touchAction = drag.active ? "none" : "pan-y pinch-zoom";
  };
  drag.active.active = false;
  get("diagram").addEventListener("click", () => setTimeout(set));
  set();
}

async function makeDiagram() {
  const [view] = await Bokeh.embed.embed_item(JSON.parse(get("figure").textContent));
  plot = view.model;
  if (matchMedia("(pointer: coarse)").matches) leaveScrolling(view);
  paint();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    paint();
    draw(chosen);
  });
  return view;
}
