"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const get = (id) => document.getElementById(id);

/* A name without case, spaces, hyphens, underscores and leading zeros, its list spelt out. */
function folded(name) {
  const plain = name.toLowerCase().replace(/[\s_-]+/g, "");
  const parts = plain.match(/^(\p{L}+)0*(\d.*)$/u);
  return parts ? (data.lists[parts[1]] ?? parts[1]) + parts[2] : plain;
}

const shownName = (cluster) => cluster.name.replaceAll("_", " ");

/* A cluster that was simulated, or is named after its file, has no entry there. */
function simbad(cluster) {
  if (/^sim[\s_]/.test(cluster.name)) return null;
  const name = encodeURIComponent(shownName(cluster));
  return `https://simbad.cds.unistra.fr/simbad/sim-id?Ident=${name}`;
}

for (const cluster of data.clusters) {
  cluster.keys = [cluster.name, ...cluster.also].map(folded);
  cluster.words = [cluster.flag, cluster.shown_notes, ...Object.values(cluster.texts)].join(" ").toLowerCase();
}
