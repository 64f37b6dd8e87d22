/* One cluster, and the start. */
function show(cluster) {
  get("name").textContent = shownName(cluster);
  get("also").textContent = cluster.also.length ? `also ${cluster.also.join(", ")}` : "";
  const link = simbad(cluster);
  get("simbad").hidden = !link;
  if (link) get("simbad").href = link;
  get("simbad").setAttribute("aria-label", `${shownName(cluster)} in SIMBAD (opens in a new tab)`);
  get("flag").textContent = cluster.flag;
  const [facts, said] = [[], []];
  for (const { key, name, unit } of data.columns) {
    const text = `${cluster.texts[key]} ${unit}`.trim();
    const fact = element("div");
    fact.append(element("dt", name), element("dd", text));
    facts.push(fact);
    said.push(`${name}: ${text}`);
  }
  get("values").replaceChildren(...facts);
  const members = get("members");
  members.hidden = !cluster.picture;
  if (cluster.picture) members.src = `data:image/png;base64,${cluster.picture}`;
  members.alt = `Members of ${shownName(cluster)} over the stars of its field: sky, proper motions, parallaxes, diagram`;
  describe(cluster);
  const diagram = `Colour-magnitude diagram of ${shownName(cluster)}`;
  get("diagram").setAttribute("aria-label", `${diagram}. ${said.join(", ")}`);
  draw(cluster);
}

/* What the marks in the diagram are. */
function describe(cluster) {
  const drawn = cluster.stars ? (atob(cluster.stars).length / 4) : 0;
  const some = drawn < cluster.total ? `${drawn} of ${cluster.total} stars, at random` : "stars";
  const shaded = cluster.membership || cluster.probability;
  get("stars").textContent = shaded ? `${some}, fainter with lower membership probability` : some;
  get("detail").classList.toggle("posterior", Boolean(cluster.membership));
  get("unused").hidden = !cluster.membership;
}

/* On a narrow screen the diagram lies below the table. */
function showDetail() {
  if (get("detail").offsetTop <= get("list").offsetTop) return;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  get("detail").scrollIntoView({ behavior: calm ? "auto" : "smooth" });
}

data.clusters.forEach((cluster, place) => {
  cluster.place = place;
  makeRow(cluster);
});
makeHead();
const percent = `${Math.round(100 * data.coverage)} %`;
const fixed = data.columns.some((c) => c.key === "metallicity") ? "" : ", [M/H] = 0";
get("isochrone").textContent = `PARSEC isochrone of the estimate${fixed}`;
get("coverage").textContent = `isochrones of ${percent} of joint samples`;
if (data.columns.some((c) => c.interval)) {
  get("interval").textContent = `Values are followed by ${percent} intervals.`;
}
get("search").addEventListener("input", list);
get("flagged").addEventListener("change", list);
list();
makeDiagram().then((view) => {
  if (chosen) draw(chosen);
  get("png").addEventListener("click", () => {
    asImage(view).toBlob((blob) => save(blob, fileName(shownName(chosen), "png")));
  });
  document.documentElement.dataset.ready = "true";
});
