// Secondary instances: choice lists inside the form, data sets beside it, and the last saved interview.
// A data set is read once and shared by all interviews that get the same datasets object.

import { ELEMENT, ROOT, Node, fromTemplate, named } from './nodes.js';
import { PARTS } from './library.js';

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

const lastInstance = (xml) => (xml ? PARTS.xml(xml, { ns: false }) : new Node(ROOT));

function read({ items, node, src, format }, datasets) {
  if (items) return fromRows(items);
  if (node) {
    const root = new Node(ROOT);
    root.append(fromTemplate(node, {}));
    return root;
  }
  const name = src.replace(/^jr:\/\/[^/]+\//, '');
  const data = datasets[name];
  if (data === undefined) return null; // not on this phone: expressions that read it fail, and nothing is cleared
  if (Array.isArray(data)) return fromRows(data);
  if (format === 'xml') return PARTS.xml(data, { ns: false });
  return fromRows(PARTS[format](data));
}

/** A row whose cells become nodes when somebody looks at them. */
class RowNode extends Node {
  constructor(row, parent) {
    super(ELEMENT, 'item', '', parent);
    this.row = row;
    this.cells = null;
  }

  get children() {
    return Object.keys(this.row ?? {}).map((column) => this.named(column)[0]);
  }

  set children(_) {} // a row's children are its columns

  named(column) {
    if (!Object.hasOwn(this.row, column)) return [];
    this.cells ??= {};
    if (!this.cells[column]) {
      const cell = named(ELEMENT, column);
      cell.name = column;
      cell.prefix = '';
      cell.text = this.row[column];
      cell.parent = this;
      this.cells[column] = [cell];
    }
    return this.cells[column];
  }

  /** The texts of a column, without making nodes. */
  texts(column) {
    return Object.hasOwn(this.row, column) ? [this.row[column]] : [];
  }
}

/** Rows as the document root/item/column that expressions read. */
function fromRows(rows) {
  const document = new Node(ROOT);
  const root = document.append(new Node(ELEMENT, 'root'));
  root.children = rows.map((row) => new RowNode(row, root));
  return document;
}
