// Secondary instances: choice lists inside the form, data sets beside it, and the last saved interview.
// A data set is read once and shared by all interviews that get the same datasets object.

import { ROOT, Node, fromTemplate } from './nodes.js';
import { fromRows, readCsv, readGeoJson } from './datasets.js';
import { readXml } from './xml.js';

const shared = new WeakMap();

/** @returns {(id: string) => Node|null} */
export function secondaryInstances(form, datasets = {}, lastSaved) {
  const caches = [form, datasets].map((owner) => shared.get(owner) ?? shared.set(owner, new Map()).get(owner));
  const own = new Map();
  return (id) => {
    const source = Object.hasOwn(form.secondary ?? {}, id) ? form.secondary[id] : null;
    if (!source) return null;
    const lasting = source.src === 'jr://instance/last-saved';
    const cache = lasting ? own : caches[source.src ? 1 : 0];
    const key = !source.src || lasting ? id : `${source.format}:${source.src}`;
    if (!cache.has(key)) cache.set(key, lasting ? lastInstance(lastSaved) : read(source, datasets));
    return cache.get(key);
  };
}

const lastInstance = (xml) => (xml ? readXml(xml, { ns: false }) : new Node(ROOT));

function read({ items, node, src, format }, datasets) {
  if (items) return fromRows(items);
  if (node) {
    const root = new Node(ROOT);
    root.append(fromTemplate(node, {}));
    return root;
  }
  const name = src.replace(/^jr:\/\/[^/]+\//, '');
  const data = datasets[name];
  if (data === undefined) return fromRows([]);
  if (Array.isArray(data)) return fromRows(data);
  if (format === 'xml') return readXml(data, { ns: false });
  return fromRows(format === 'geojson' ? readGeoJson(data) : readCsv(data));
}
