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
  for (const c of listed) heads.push([c.key, c.unit ? `${c.name} [${c.unit}]` : c.name, c.about, c.text]);
  for (const [key, text, about = "", prose = false] of heads) {
    const th = element("th", "", { scope: "col", "aria-sort": "none", "data-key": key });
    if (prose) th.className = "prose";
    const button = element("button", text, { type: "button", title: about });
    button.addEventListener("click", () => sort(key));
    th.append(button);
    get("head").append(th);
  }
}

/* The flag first; notes are no warning. */
function remarks(cluster) {
  return [["flag", cluster.flag], ["notes", cluster.shown_notes]]
    .filter(([, text]) => text)
    .map(([kind, text]) => element("small", text, { class: kind }));
}

function makeRow(cluster) {
  const row = element("tr", "", { tabindex: "-1" });
  const first = element("th", "", { scope: "row" });
  first.append(element("span", cluster.name));
  // Beside the name, where no scrolling hides it.
  first.append(...remarks(cluster));
  row.append(first);
  for (const { key, text } of listed) {
    if (text) {
      row.append(element("td", cluster.texts[key], { class: "prose" }));
      continue;
    }
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
  return sign * (typeof x === "string" ? collator.compare(x, y) : x - y);
}

function list() {
  const text = get("search").value;
  const [name, words] = [folded(text), text.trim().toLowerCase()];
  const flagged = get("flagged").checked;
  shown = data.clusters.filter(
    (c) =>
      (!flagged || c.flag) &&
      (c.keys.some((key) => key.includes(name)) || c.words.includes(words))
  );
  shown.sort(compare);
  get("rows").replaceChildren(...shown.map((c) => c.row));
  showGallery();
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

/* All diagrams, in the order of the rows: on the screen instead of the table, in print below it. */
function showGallery() {
  const all = get("all").checked;
  get("list").classList.toggle("diagrams", all);
  get("gallery").replaceChildren(...(all ? shown.map(small) : []));
  seeSides();
}

function small(cluster) {
  if (!cluster.small) {
    cluster.small = element("li");
    const button = element("button", "", { type: "button" });
    button.append(element("b", shownName(cluster)));
    button.append(...remarks(cluster));
    button.insertAdjacentHTML("beforeend", asSvg(cluster, { colours: namedTone, small: true }));
    button.append(element("span", summary(cluster).join(", ")));
    button.addEventListener("click", () => {
      choose(cluster, false);
      showDetail();
    });
    cluster.small.append(button);
    cluster.small.classList.toggle("posterior", Boolean(cluster.membership));
  }
  return cluster.small;
}

/* Says that there are columns to the right. */
function seeSides() {
  const box = get("scroll");
  const beyond = box.scrollWidth - box.clientWidth - box.scrollLeft > 2;
  get("list").classList.toggle("beyond", beyond);
  get("sideways").hidden = !(beyond || box.scrollLeft > 2);
}

get("scroll").addEventListener("scroll", seeSides, { passive: true });
addEventListener("resize", seeSides);

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
