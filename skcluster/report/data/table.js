/* The table: one row per cluster, which can be sorted, searched and chosen. */
const collator = new Intl.Collator("en", { numeric: true });
const listed = data.columns.filter((column) => column.listed);
let shown = [];
let chosen = null;
let order = { key: null, down: false };

function element(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

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
  const row = element("tr", "", { tabindex: "-1" });
  const first = element("th", "", { scope: "row" });
  first.append(element("span", cluster.name));
  // Beside the name, where no scrolling hides it.
  if (cluster.flag) first.append(element("small", cluster.flag, { class: "flag" }));
  row.append(first);
  for (const { key } of listed) {
    const [value, ...interval] = cluster.texts[key].split(" ");
    const td = element("td", value);
    if (interval.length) td.append(" ", element("small", interval.join(" ")));
    row.append(td);
  }
  row.addEventListener("click", () => {
    choose(cluster, true);
    showDetail();
  });
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
  const text = get("search").value;
  const [name, words] = [folded(text), text.trim().toLowerCase()];
  const flagged = get("flagged").checked;
  shown = data.clusters.filter(
    (c) =>
      (!flagged || c.flag) &&
      (c.keys.some((key) => key.includes(name)) || c.flag.toLowerCase().includes(words))
  );
  shown.sort(compare);
  get("rows").replaceChildren(...shown.map((c) => c.row));
  get("count").textContent = `${shown.length} of ${data.clusters.length} clusters`;
  if (shown.length && !shown.includes(chosen)) choose(shown[0], false);
}

function choose(cluster, focus) {
  if (chosen !== cluster) {
    if (chosen) {
      chosen.row.removeAttribute("aria-current");
      chosen.row.tabIndex = -1;
    }
    chosen = cluster;
    cluster.row.setAttribute("aria-current", "true");
    cluster.row.tabIndex = 0;
    show(cluster);
  }
  if (focus) cluster.row.focus({ preventScroll: true });
}

get("rows").addEventListener("keydown", (event) => {
  if (event.key === "Enter") showDetail();
  const last = shown.length - 1;
  const now = shown.indexOf(chosen);
  const next = {
    ArrowDown: now + 1, ArrowUp: now - 1, PageDown: now + 10, PageUp: now - 10, Home: 0, End: last,
  }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  shown[Math.min(Math.max(next, 0), last)].row.focus();
});
