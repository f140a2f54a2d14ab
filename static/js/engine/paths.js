// Location paths and predicates, compiled to closures. Beyond XPath 1.0, as ODK's engines do it: in a form, an absolute
// path means the primary instance, and inside a repeat the current instance of that repeat.
// A predicate [column = value] on a secondary instance is answered by an index, see lookup.js.

import { ATTRIBUTE, ELEMENT, NAMESPACE, ROOT, XML_NS, inOrder } from './nodes.js';
import { AXES, PARTS } from './library.js';
import { toBoolean } from './values.js';

const NONE = [];
const KINDS = { 'text()': 1, 'comment()': 2, 'processing-instruction()': 3 };
const REVERSE = /^(ancestor|preceding)/;

Object.assign(AXES, {
  child: (node) => (node.kind === ELEMENT || node.kind === ROOT ? node.childNodes : NONE),
  parent: (node) => (node.parent ? [node.parent] : NONE),
  self: (node) => [node],
  attribute: (node) => node.attributes,
});

/** Compile ["path", start, step...]. */
export function compilePath(tree, compile, scope) {
  const [, start, ...steps] = tree;
  const single = start === '/' || start === '.' || start[0] === 'call' && (start[1] === 'instance' || start[1] === 'current');
  const compiled = steps.map((step, i) => compileStep(step, compile, scope, single && steps.slice(0, i).every(keepsLevel)));
  return start === '/' ? fromRoot(steps, compiled) : fromStart(tree, compile, compiled);
}

/** Compile ["filter", expression, predicate...]. */
export function compileFilter([, expression, ...predicates], compile) {
  const base = compile(expression);
  const tests = predicates.map(compile);
  return (c) => {
    let nodes = needNodes(base(c));
    for (const test of tests) nodes = passing(nodes, test, c);
    return nodes;
  };
}

export function needNodes(value) {
  if (typeof value !== 'object') throw new TypeError('A list of nodes is needed here, not a value.');
  return value;
}

function fromStart(tree, compile, compiled) {
  const [, start, ...steps] = tree;
  const byIndex = start === '.' ? null : PARTS.indexed?.(tree, compile);
  if (byIndex) {
    const rest = compiled.slice(byIndex.steps);
    return (c) => walkSteps(byIndex.nodes(c), rest, 0, c);
  }
  if (start === '.') {
    if (!steps.length) return (c) => [c.node];
    return (c) => walkSteps([c.node], compiled, 0, c);
  }
  const base = compile(start);
  return (c) => walkSteps(needNodes(base(c)), compiled, 0, c);
}

function fromRoot(steps, compiled) {
  let plain = 0;
  while (plain < steps.length && steps[plain].length === 2 && steps[plain][0] === 'child' && !/[*()]/.test(steps[plain][1])) plain++;
  const names = steps.map(([, test]) => test.slice(test.indexOf(':') + 1));
  return (c) => {
    const root = c.env.root;
    if (!root) return walkSteps([c.node.top], compiled, 0, c);
    let above = lineOf(c.node);
    if (above[above.length - 1] !== root) above = lineOf(c.current);
    let done = 0, from = root;
    for (let at = above.length - 2; done < plain && at >= 0 && above[at].name === names[done]; at--, done++) from = above[at];
    return walkSteps([from], compiled, done, c);
  };
}

function lineOf(node) {
  const line = [];
  for (let at = node; at; at = at.parent) line.push(at);
  return line;
}

function walkSteps(nodes, steps, from, c) {
  for (let i = from; i < steps.length; i++) {
    if (!nodes.length) return nodes;
    nodes = steps[i](nodes, c);
  }
  return nodes;
}

/** After such a step from one node, no found node is inside another: children come in document order by themselves. */
const keepsLevel = ([axis]) => axis === 'child' || axis === 'self';

function compileStep([axis, test, ...predicates], compile, scope, level) {
  const reach = AXES[axis];
  if (!reach) throw new SyntaxError(`${axis} is not an axis.`);
  const passes = nodeTest(axis, test, scope);
  const tests = predicates.map(compile);
  const simple = axis === 'child' && !/[:*()]/.test(test);
  const one = (node, c) => {
    let found;
    if (simple) {
      found = node.named(test);
      if (!scope.inForm) found = found.filter(passes);
    } else found = reach(node).filter(passes);
    for (const each of tests) found = passing(found, each, c);
    return REVERSE.test(axis) ? [...found].reverse() : found;
  };
  const ordered = axis === 'self' || axis === 'attribute' || level && axis === 'child';
  return (nodes, c) => {
    if (nodes.length === 1) return one(nodes[0], c);
    const all = [];
    for (const node of nodes) for (const found of one(node, c)) all.push(found);
    return ordered ? all : inOrder(all);
  };
}

function passing(nodes, test, c) {
  const inner = { node: null, position: 0, size: nodes.length, current: c.current, env: c.env };
  const found = [];
  for (let i = 0; i < nodes.length; i++) {
    inner.node = nodes[i];
    inner.position = i + 1;
    const value = test(inner);
    if (typeof value === 'number' ? value === i + 1 : toBoolean(value, c.env)) found.push(nodes[i]);
  }
  return found;
}

/**
 * Whether a node passes a node test such as name, pfx:name, *, pfx:*, node(), text().
 * @param {string} axis @param {string} test @param {import('./evaluate.js').Scope} scope
 * @returns {(node: Node) => boolean}
 */
function nodeTest(axis, test, { ns = {}, inForm = false }) {
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
