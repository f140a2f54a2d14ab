// The instance of an interview: its nodes by path, the templates of its repeats, and how paths with positions name nodes.

import { ELEMENT, ROOT, Node, fromTemplate } from './nodes.js';
import { PARTS } from './library.js';

export class Instance {
  /** @param {import('./form.js').Prepared} prepared @param {string} [draft] XML to take up again */
  constructor(prepared, draft) {
    this.prepared = prepared;
    this.templates = new Map();
    this.places = new Map(); // ref to its place among its siblings
    this.shape = 0; // grows whenever nodes come, go, or get another relevance
    this.document = new Node(ROOT);
    this.root = this.document.append(fromTemplate(prepared.form.instance, prepared.namespaces));
    this.name(this.root, '');
    this.extract(this.root);
    for (const ref of prepared.repeats.keys()) this.needTemplate(ref);
    if (draft !== undefined) this.fill(this.root, PARTS.xml(draft, { ns: false }).children.find((node) => node.kind === ELEMENT));
    this.list();
  }

  name(node, above) {
    node.ref = `${above}/${node.qname}`;
    node.type = this.prepared.binds.get(node.ref)?.type ?? '';
    for (const attribute of node.attributes) attribute.ref = `${node.ref}/@${attribute.qname}`;
    let place = 0;
    for (const child of node.children) {
      this.name(child, node.ref);
      if (!this.places.has(child.ref)) this.places.set(child.ref, place++);
    }
  }

  /** Take templates out of the tree. */
  extract(node) {
    for (const child of [...node.children]) {
      this.extract(child);
      if (!child.attributes.some((a) => a.qname === 'jr:template')) continue;
      node.remove(child);
      child.attributes = child.attributes.filter((a) => a.qname !== 'jr:template');
      if (!this.templates.has(child.ref)) this.templates.set(child.ref, child);
    }
  }

  /** A repeat without template starts new instances blank, without instances of the repeats inside. */
  needTemplate(ref) {
    if (this.templates.has(ref)) return;
    const [first] = this.under(this.root, ref);
    if (first) this.templates.set(ref, this.blank(first.copy()));
    else for (const template of this.templates.values()) {
      const [inner] = ref.startsWith(`${template.ref}/`) ? this.under(template, ref) : [];
      if (inner) return this.templates.set(ref, this.blank(inner.copy()));
    }
  }

  blank(node) {
    node.text = '';
    for (const child of [...node.children]) {
      if (this.prepared.repeats.has(child.ref)) node.remove(child);
      else this.blank(child);
    }
    return node;
  }

  /** The nodes of a ref in or below a node. */
  under(node, ref) {
    if (node.ref === ref) return [node];
    const found = [];
    for (const child of node.children) {
      if (ref === child.ref) found.push(child);
      else if (ref.startsWith(child.ref) && ref[child.ref.length] === '/') found.push(...this.under(child, ref));
    }
    return found;
  }

  /** Take over a draft's values and repeats; nodes that the form doesn't know are left out. */
  fill(node, from) {
    if (!node.children.length) {
      node.text = from.value;
      return;
    }
    const known = new Set(node.attributes.map((attribute) => attribute.name));
    node.attributes = [...node.attributes, ...from.attributes.filter((attribute) => !known.has(attribute.name))];
    const seen = new Set();
    for (const { ref, name } of [...node.children, ...[...this.templates.values()].filter((t) => isChild(t.ref, node.ref))]) {
      if (seen.has(ref)) continue;
      seen.add(ref);
      const saved = from.named(name);
      const own = node.children.filter((child) => child.ref === ref);
      if (this.templates.has(ref)) {
        for (const extra of own.splice(saved.length)) node.remove(extra);
        own.push(...this.insert(node, ref, saved.length - own.length));
      }
      own.forEach((child, i) => saved[i] && this.fill(child, saved[i]));
    }
  }

  /** New instances of a repeat, behind the others. @returns {Node[]} */
  insert(parent, ref, count) {
    const template = this.templates.get(ref);
    const place = this.places.get(ref) ?? 0;
    let at = parent.children.findLastIndex((child) => child.ref === ref) + 1;
    if (!at) at = parent.children.findIndex((child) => (this.places.get(child.ref) ?? 0) > place);
    const fresh = Array.from({ length: count }, () => template.copy());
    parent.insert(fresh, at < 0 ? parent.children.length : at);
    return fresh;
  }

  /** Stands for an instance of a repeat that isn't there yet, where expressions about the repeat start. */
  phantom(parent, ref) {
    const { name, prefix, ns } = this.templates.get(ref);
    return Object.assign(new Node(ELEMENT, name, '', parent), { prefix, ns, ref, relevant: parent.relevant });
  }

  /** Nodes by ref, in document order; to be called after nodes came or went. */
  list() {
    this.shape++;
    this.byRef = new Map();
    const visit = (node) => {
      const same = this.byRef.get(node.ref);
      if (same) same.push(node);
      else this.byRef.set(node.ref, [node]);
      for (const attribute of node.attributes) if (attribute.ref) this.byRef.set(attribute.ref, [...this.byRef.get(attribute.ref) ?? [], attribute]);
      for (const child of node.children) visit(child);
    };
    visit(this.root);
  }

  nodes(ref) {
    return this.byRef.get(ref) ?? [];
  }

  /** The nodes of a ref that belong with a node: in the same instances of the repeats that both are in. */
  near(ref, node) {
    let above = node;
    while (above.kind === ROOT ? false : ref !== above.ref && !ref.startsWith(`${above.ref}/`)) above = above.parent;
    if (above.kind === ROOT) return [];
    return above === this.root ? this.nodes(ref) : this.under(above, ref);
  }

  /** @param {string} path with positions, such as /data/roster[2]/age @returns {Node|undefined} */
  find(path) {
    let node = this.document;
    for (const part of path.split('/').slice(1)) {
      const [, name, position] = /^([^[]*)(?:\[(\d+)\])?$/.exec(part) ?? [];
      if (name?.startsWith('@')) return node.attributes.find((a) => a.qname === name.slice(1));
      node = node.children.filter((child) => child.qname === name || child.name === name)[(position ?? 1) - 1];
      if (!node) return undefined;
    }
    return node.kind === ELEMENT ? node : undefined;
  }

  /** The path of a node, with a position for each repeat on the way. */
  pathOf(node) {
    if (node.kind === ROOT) return '';
    const above = this.pathOf(node.parent);
    if (node.kind !== ELEMENT) return `${above}/@${node.qname}`;
    if (!this.prepared.repeats.has(node.ref)) return `${above}/${node.qname}`;
    return `${above}/${node.qname}[${node.parent.named(node.name).indexOf(node) + 1}]`;
  }
}

const isChild = (ref, above) => ref.startsWith(`${above}/`) && !ref.slice(above.length + 1).includes('/');
