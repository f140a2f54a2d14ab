// The axes of XPath 1.0 that few forms walk.

import { ATTRIBUTE, ELEMENT, NAMESPACE, ROOT, Node, XML_NS } from '../nodes.js';
import { AXES } from '../library.js';

const NONE = [];

function descend(node, found) {
  for (const child of AXES.child(node)) {
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
  node.spaces ??= Object.keys(scope).filter((prefix) => scope[prefix]).sort().map((prefix) => new Node(NAMESPACE, prefix, scope[prefix], node));
  return node.spaces;
}

Object.assign(AXES, {
  descendant: (node) => descend(node, []),
  'descendant-or-self': (node) => descend(node, [node]),
  ancestor: (node) => ascend(node.parent),
  'ancestor-or-self': (node) => ascend(node),
  'following-sibling': (node) => siblings(node, 1),
  'preceding-sibling': (node) => siblings(node, -1),
  following: (node) => beyond(node, 1),
  preceding: (node) => beyond(node, -1),
  namespace: (node) => (node.kind === ELEMENT ? namespaces(node) : NONE),
});
