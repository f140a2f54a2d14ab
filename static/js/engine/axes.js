// XPath 1.0's axes and node tests over the light tree.

import { ATTRIBUTE, ELEMENT, NAMESPACE, ROOT, Node, XML_NS } from './nodes.js';

const KINDS = { 'text()': 1, 'comment()': 2, 'processing-instruction()': 3 };
const NONE = [];

/** Nodes that an axis reaches from a node, nearest first. */
export const AXES = {
  child: (node) => (isTree(node) ? node.childNodes : NONE),
  parent: (node) => (node.parent ? [node.parent] : NONE),
  self: (node) => [node],
  attribute: (node) => node.attributes,
  descendant: (node) => descend(node, []),
  'descendant-or-self': (node) => descend(node, [node]),
  ancestor: (node) => ascend(node.parent),
  'ancestor-or-self': (node) => ascend(node),
  'following-sibling': (node) => siblings(node, 1),
  'preceding-sibling': (node) => siblings(node, -1),
  following: (node) => beyond(node, 1),
  preceding: (node) => beyond(node, -1),
  namespace: (node) => (node.kind === ELEMENT ? namespaces(node) : NONE),
};
export const REVERSE = new Set(['ancestor', 'ancestor-or-self', 'preceding', 'preceding-sibling']);

const isTree = (node) => node.kind === ELEMENT || node.kind === ROOT;

function descend(node, found) {
  if (!isTree(node)) return found;
  for (const child of node.childNodes) {
    found.push(child);
    descend(child, found);
  }
  return found;
}

function ascend(node) {
  const found = [];
  for (let at = node; at; at = at.parent) found.push(at);
  return found;
}

function siblings(node, direction) {
  if (!node.parent || node.kind === ATTRIBUTE || node.kind === NAMESPACE) return NONE;
  const all = node.parent.childNodes;
  const at = all.indexOf(node);
  return direction > 0 ? all.slice(at + 1) : all.slice(0, at).reverse();
}

function beyond(node, direction) {
  const found = [];
  if (node.kind === ATTRIBUTE || node.kind === NAMESPACE) {
    if (direction > 0) descend(node.parent, found);
    return found.concat(beyond(node.parent, direction));
  }
  for (const above of ascend(node)) {
    for (const sibling of siblings(above, direction)) {
      const under = descend(sibling, [sibling]);
      for (const each of direction > 0 ? under : under.reverse()) found.push(each);
    }
  }
  return found;
}

function namespaces(node) {
  const scope = node.scope ?? { xml: XML_NS };
  node.spaces ??= Object.keys(scope).filter((prefix) => scope[prefix]).map((prefix) => new Node(NAMESPACE, prefix, scope[prefix], node));
  return node.spaces;
}

/**
 * Whether a node passes a node test such as name, pfx:name, *, pfx:*, node(), text().
 * @param {string} axis @param {string} test @param {import('./evaluate.js').Scope} scope
 * @returns {(node: Node) => boolean}
 */
export function nodeTest(axis, test, { ns = {}, inForm = false }) {
  if (test === 'node()') return () => true;
  if (test in KINDS) return (node) => node.kind === KINDS[test];
  const target = /^processing-instruction\((.*)\)$/.exec(test);
  if (target) return (node) => node.kind === 3 && node.name === target[1].replace(/['"]/g, '');
  const kind = axis === 'attribute' ? ATTRIBUTE : axis === 'namespace' ? NAMESPACE : ELEMENT;
  if (test === '*') return (node) => node.kind === kind;
  const colon = test.indexOf(':');
  const name = test.slice(colon + 1);
  if (colon < 0) return (node) => node.name === name && node.kind === kind && (inForm || !node.prefix);
  const prefix = test.slice(0, colon);
  const uri = prefix === 'xml' ? XML_NS : ns[prefix];
  if (uri === undefined) throw new SyntaxError(`The prefix ${prefix} is not declared.`);
  return (node) => node.kind === kind && (name === '*' || node.name === name) && node.ns === uri;
}
