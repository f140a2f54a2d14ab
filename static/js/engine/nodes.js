// The light XML tree that expressions walk, the same in the browser and in Node.
// An element whose only content is text keeps it in `text` and has no children; its text node is made when an
// expression asks for it. Whoever adds or removes children calls `append`, `insert` and `remove`, which keep the index of
// names right.

export const ELEMENT = 0, TEXT = 1, COMMENT = 2, INSTRUCTION = 3, ATTRIBUTE = 4, ROOT = 5, NAMESPACE = 6;
export const XML_NS = 'http://www.w3.org/XML/1998/namespace';
const NONE = [];

export class Node {
  constructor(kind, name = '', text = '', parent = null) {
    this.kind = kind;
    this.name = name; // local name
    this.prefix = '';
    this.ns = '';
    this.text = text;
    this.parent = parent;
    this.children = NONE;
    this.attributes = NONE;
    this.relevant = true; // the effective state in an interview; expressions read irrelevant nodes as blank
    this.ref = ''; // in an interview: the path without positions
    this.type = ''; // in an interview: of its bind
    this.index = null; // child elements by local name
    this.textNode = null;
  }

  /** The name as written, with its prefix. */
  get qname() {
    return this.prefix ? `${this.prefix}:${this.name}` : this.name;
  }

  /** The XPath string value, whatever the relevance. */
  get value() {
    if (!this.children.length || this.kind > INSTRUCTION && this.kind !== ROOT) return this.text;
    let text = '';
    for (const child of this.children) if (child.kind < COMMENT) text += child.value;
    return text;
  }

  /** What expressions read: the string value, blank while the node isn't relevant. */
  get read() {
    return this.relevant ? this.value : '';
  }

  /** All children as XPath sees them: the text of a leaf is a text node. */
  get childNodes() {
    if (this.children.length || !this.text || this.kind) return this.children;
    if (this.textNode?.text !== this.text) this.textNode = new Node(TEXT, '', this.text, this);
    return [this.textNode];
  }

  /** Child elements of that local name, in order. */
  named(name) {
    if (!this.children.length) return NONE;
    if (!this.index) {
      this.index = new Map();
      for (const child of this.children) {
        if (child.kind !== ELEMENT) continue;
        const same = this.index.get(child.name);
        if (same) same.push(child);
        else this.index.set(child.name, [child]);
      }
    }
    return this.index.get(name) ?? NONE;
  }

  append(child) {
    if (this.children === NONE) this.children = [];
    child.parent = this;
    this.index = null;
    this.children.push(child);
    return child;
  }

  /** Put nodes among the children, the first of them at that place. */
  insert(nodes, place) {
    for (const node of nodes) node.parent = this;
    this.children = [...this.children.slice(0, place), ...nodes, ...this.children.slice(place)];
    this.index = null;
  }

  remove(child) {
    this.children.splice(this.children.indexOf(child), 1);
    this.index = null;
  }

  attribute(name) {
    return this.attributes.find((a) => a.name === name)?.text;
  }

  setAttribute(qname, text, ns = '') {
    const node = named(ATTRIBUTE, qname, ns);
    node.text = text;
    node.parent = this;
    this.attributes = [...this.attributes.filter((a) => a.qname !== qname), node];
  }

  /** The top of this node's tree. */
  get top() {
    let node = this;
    while (node.parent) node = node.parent;
    return node;
  }

  /** A deep copy without parent. */
  copy() {
    const twin = new Node(this.kind, this.name, this.text);
    twin.prefix = this.prefix;
    twin.ns = this.ns;
    twin.ref = this.ref;
    twin.type = this.type;
    twin.attributes = this.attributes.map((a) => Object.assign(a.copy(), { parent: twin }));
    for (const child of this.children) twin.append(child.copy());
    return twin;
  }

  /** Where the node is, in positions only: /*[1]/*[2]. */
  get path() {
    if (!this.parent) return this.kind === ROOT ? '/' : `/${this.qname}`;
    const above = this.parent.kind === ROOT ? '' : this.parent.path;
    if (this.kind === ATTRIBUTE) return `${above}/@${this.qname}`;
    if (this.kind === NAMESPACE) return `${above}/namespace::${this.name}`;
    const same = this.parent.childNodes.filter((node) => node.kind === this.kind);
    return `${above}/${['*', 'text()', 'comment()', 'processing-instruction()'][this.kind]}[${same.indexOf(this) + 1}]`;
  }
}

/** A node whose qualified name is split into prefix and local name. */
export function named(kind, qname, ns = '') {
  const colon = qname.indexOf(':');
  const node = new Node(kind, qname.slice(colon + 1));
  if (colon > 0) node.prefix = qname.slice(0, colon);
  node.ns = ns;
  return node;
}

/**
 * The tree of a form's instance template, [name, attributes, children or text].
 * @param {Array} json @param {Record<string, string>} namespaces prefix to uri
 */
export function fromTemplate([name, attributes, content], namespaces) {
  const uri = (qname) => (qname.includes(':') ? namespaces[qname.split(':')[0]] ?? '' : '');
  const node = named(ELEMENT, name, uri(name));
  for (const key of Object.keys(attributes)) node.setAttribute(key, attributes[key], uri(key));
  if (typeof content === 'string') node.text = content;
  else for (const child of content) node.append(fromTemplate(child, namespaces));
  return node;
}

/** The nodes of a list in document order, each once. */
export function inOrder(nodes) {
  if (nodes.length < 2) return nodes;
  const wanted = new Set(nodes);
  const sorted = [];
  const tops = new Set(nodes.map((node) => node.top));
  const visit = (node) => {
    if (wanted.has(node)) sorted.push(node);
    for (const a of node.attributes) if (wanted.has(a)) sorted.push(a);
    for (const child of node.childNodes) visit(child);
  };
  for (const top of tops) visit(top);
  if (sorted.length < wanted.size) for (const node of wanted) if (node.kind === NAMESPACE) sorted.push(node);
  return sorted;
}
