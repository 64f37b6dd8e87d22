/* One cluster, and the start. */
function show(cluster) {
  get("name").textContent = shownName(cluster);
  get("also").textContent = cluster.also.length ? `also ${cluster.also.join(", ")}` : "";
  const link = simbad(cluster);
  get("simbad").hidden = !link;
  if (link) get("simbad").href = link;
  get("simbad").setAttribute("aria-label", `${shownName(cluster)} in SIMBAD (opens in a new tab)`);
  get("flag").textContent = cluster.flag;
  get("notes").textContent = cluster.shown_notes;
  const [facts, said] = [[], []];
  for (const { key, name, unit, about } of data.columns) {
    const text = `${cluster.texts[key]} ${unit}`.trim();
    if (!text) continue;
    const fact = element("div", "", { title: about });
    fact.append(element("dt", name), element("dd", text));
    facts.push(fact);
    said.push(`${name}: ${text}`);
  }
  get("values").replaceChildren(...facts);
  const members = get("members");
  members.hidden = !cluster.picture;
  if (cluster.picture) members.src = `data:image/png;base64,${cluster.picture}`;
  members.alt = `Members of ${shownName(cluster)} over the stars of its field: sky, proper motions, parallaxes, diagram`;
  showCorner(cluster);
  get("key").replaceChildren(...marks(cluster).map(({ symbol, text }) => {
    const item = element("li");
    const drawn = symbols(namedTone, cluster)[symbol];
    item.innerHTML = `<svg viewBox="0 -6 22 12" width="22" height="12" aria-hidden="true">${drawn}</svg> `;
    item.append(text);
    return item;
  }));
  listStars(cluster);
  const diagram = `Colour-magnitude diagram of ${shownName(cluster)}`;
  get("diagram").setAttribute("aria-label", `${diagram}. ${said.join(", ")}`);
  get("printed").innerHTML = asSvg(cluster, { colours: namedTone });
  draw(cluster);
}

function showCorner(cluster) {
  const figure = get("corner");
  figure.hidden = !cluster.corner;
  if (!cluster.corner) return;
  const [image, caption] = figure.children;
  image.src = `data:image/svg+xml;base64,${cluster.corner}`;
  image.alt = `Corner plot of the joint samples of ${shownName(cluster)}`;
  caption.textContent = `Joint samples; contours hold 68 and 95 % of them. Solid: the estimate; dotted: its ${percent} interval, as in the table.`;
}

/* What the marks in the diagram are. */
function marks(cluster) {
  const drawn = cluster.stars ? atob(cluster.stars).length / 4 : 0;
  const unused = cluster.membership ? atob(cluster.membership).split("\0").length - 1 : 0;
  const shaded = cluster.membership || cluster.probability;
  const some = drawn < cluster.total ? `${drawn} of ${cluster.total} stars, at random` : `${drawn - unused} stars`;
  const found = [{ symbol: "star", text: shaded ? `${some}, the more faded the less probable as members` : some }];
  if (unused) found.push({ symbol: "hollow", text: `${drawn < cluster.total ? "" : unused} stars not used, beyond the magnitude limit`.trim() });
  if (cluster.lines) {
    const behind = cluster.reddened ? ", behind the least dust" : "";
    found.push({ symbol: "line", text: `PARSEC isochrone of the estimate${fixed}${behind}` });
  }
  if (cluster.reddened) {
    const more = (1.96 * cluster.values.differential_reddening[0]).toFixed(2);
    found.push({ symbol: "dashes", text: `with A_V + ${more} mag: differential reddening of 95 % of the stars is less` });
  }
  if (cluster.band) found.push({ symbol: "band", text: `isochrones of ${percent} of joint samples` });
  return found;
}

/* Heads and rows of the table of stars, likeliest members first. */
function starTable(cluster) {
  const { g, colour, fill, edge, ...more } = starColumns(cluster.limits ? cluster : { ...cluster, limits: [0, 1, 0, 1], stars: "" });
  const heads = [["phot_g_mean_mag", data.star_columns.g], ["bp_rp", data.star_columns.colour]];
  const columns = [g.map((v) => minus(v, 3)), colour.map((v) => minus(v, 3))];
  for (const [name, values] of Object.entries(more)) {
    heads.push([name, data.star_columns[name]]);
    columns.push(values);
  }
  return [heads, g.map((_, i) => columns.map((values) => values[i])).reverse()];
}

function listStars(cluster) {
  const box = get("stars");
  const listed = cluster.stars ? atob(cluster.stars).length / 4 : 0;
  const part = listed < cluster.total ? `${listed} of ${cluster.total} stars, at random` : `${listed} stars`;
  box.querySelector("summary").textContent = `Table of ${part}`;
  const [head, body] = [box.querySelector("thead"), box.querySelector("tbody")];
  head.replaceChildren();
  body.replaceChildren();
  if (!box.open) return;
  const [heads, rows] = starTable(cluster);
  const top = element("tr");
  for (const [, text] of heads) top.append(element("th", text, { scope: "col" }));
  head.append(top);
  for (const cells of rows) {
    const row = element("tr");
    for (const cell of cells) row.append(element("td", cell));
    body.append(row);
  }
}

/* On a narrow screen the diagram lies below the table. */
function showDetail() {
  if (get("detail").offsetTop <= get("list").offsetTop) return;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  get("detail").scrollIntoView({ behavior: calm ? "auto" : "smooth" });
}

const percent = `${Math.round(100 * data.coverage)} %`;
const fixed = data.columns.some((c) => c.key === "metallicity") ? "" : ", [M/H] = 0";
data.clusters.forEach((cluster, place) => {
  cluster.place = place;
  makeRow(cluster);
});
makeHead();
// Few clusters leave room beside the diagram.
if (data.clusters.length <= data.few) {
  document.body.classList.add("few");
  get("list").append(get("more"));
  get("stars").open = true;
}
if (data.clusters.length === 1) {
  document.body.classList.add("one");
  get("how").textContent = "";
}
if (data.columns.some((c) => c.interval)) {
  get("interval").textContent = `Values are followed by ${percent} intervals.`;
}
get("search").addEventListener("input", list);
get("flagged").addEventListener("change", list);
get("all").addEventListener("change", showGallery);
get("stars").addEventListener("toggle", () => listStars(chosen));
// An address with this ending shows, and prints, all diagrams.
get("all").checked = location.hash === "#diagrams";
list();
makeDiagram().then(() => {
  if (chosen) draw(chosen);
  document.documentElement.dataset.ready = "true";
});
