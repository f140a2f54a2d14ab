// Predicates [column = value] on secondary instances, answered by a map that is built once: a cascade over 40,000
// choices costs what it finds. Falls back to plain evaluation (answers null) wherever the meaning could differ.

import { FUNCTIONS, PARTS } from '../library.js';
import { textNumber, toBoolean, toText } from '../values.js';
import { inOrder } from '../nodes.js';
import { instance } from '../functions.js';

const CONTEXT_FREE = new Set(['true', 'false', 'current', 'today', 'now', 'pi']);
const CONTEXT_BOUND = new Set(['position', 'last', 'random', 'uuid', 'once', 'lang', 'id']);

/**
 * For ["path", ["call", "instance", ["str", id]], child..., child with predicates, ...]: how many steps an index
 * answers, and a closure for their nodes. Null if no predicate can be indexed.
 */
function indexed([, start, ...steps], compile) {
  if (start[0] !== 'call' || start[1] !== 'instance' || start[2]?.[0] !== 'str') return null;
  const at = steps.findIndex((step) => step.length > 2);
  if (at < 0 || steps.slice(0, at + 1).some(([axis, test]) => axis !== 'child' || /[:*()]/.test(test))) return null;
  const predicates = steps[at].slice(2);
  if (predicates.some((tree) => mentions(tree, (part) => part[0] === 'call' && CONTEXT_BOUND.has(part[1])))) return null;
  const conditions = predicates[0][0] === 'and' ? predicates[0].slice(1) : [predicates[0]];
  const place = conditions.findIndex((tree) => columnOf(tree) !== null);
  if (place < 0 || predicates.slice(1).some((tree) => tree[0] === 'num')) return null;
  const { column, other } = columnOf(conditions[place]);
  const names = steps.slice(0, at + 1).map(([, test]) => test);
  const value = compile(other);
  const rest = [...conditions.filter((_, i) => i !== place), ...predicates.slice(1)];
  if (rest.some(maybeNumber)) return null;
  const tests = rest.map(compile);
  const whole = compile(conditions[place]);
  return { steps: at + 1, nodes: (c) => find(c, start[2][1], names, column, value(c), tests, whole) };
}

/** pulldata(instance, column, key column, key) is short for instance(...)/root/item[key column = key]/column. */
function pulldata(c, id, column, key, value) {
  const wanted = toText(value);
  const same = (row) => row.node.named(toText(key)).some((cell) => cell.read === wanted);
  const [row] = find(c, toText(id), ['root', 'item'], toText(key), wanted, [], same);
  return row?.named(toText(column))[0]?.value ?? '';
}

function find(c, id, names, column, value, tests, whole) {
  const root = instance(c, id);
  let nodes;
  if (root === c.env.root || typeof value === 'boolean') {
    nodes = all(root, names); // an interview changes: nothing to index
    tests = [whole, ...tests];
  } else if (typeof value === 'string') nodes = index(root, names, column, c).get(value) ?? [];
  else if (typeof value === 'object') {
    const map = index(root, names, column, c);
    const keys = new Set(value.map((node) => node.read));
    nodes = keys.size === 1 ? map.get([...keys][0]) ?? [] : inOrder([...keys].flatMap((key) => map.get(key) ?? []));
  } else nodes = numbers(root, names, column, c).get(value) ?? [];
  if (!tests.length) return nodes;
  const inner = { node: null, position: 1, size: 1, current: c.current, env: c.env };
  return nodes.filter((node) => {
    inner.node = node;
    return tests.every((test) => toBoolean(test(inner), c.env));
  });
}

function all(root, names) {
  let nodes = [root];
  for (const name of names) nodes = nodes.flatMap((node) => node.named(name));
  return nodes;
}

function index(root, names, column) {
  const key = [...names, column].join('/');
  root.lookups ??= new Map();
  let map = root.lookups.get(key);
  if (!map) {
    root.lookups.set(key, map = new Map());
    for (const node of all(root, names)) {
      for (const text of new Set(node.texts ? node.texts(column) : node.named(column).map((cell) => cell.value))) {
        const same = map.get(text);
        if (same) same.push(node);
        else map.set(text, [node]);
      }
    }
  }
  return map;
}

function numbers(root, names, column, c) {
  const key = `#${[...names, column].join('/')}`;
  const texts = index(root, names, column);
  let map = root.lookups.get(key);
  if (!map) {
    root.lookups.set(key, map = new Map());
    for (const [text, nodes] of texts) {
      const number = textNumber(text, c.env.zone);
      map.set(number, map.has(number) ? inOrder([...map.get(number), ...nodes]) : nodes);
    }
  }
  return map;
}

/** {column, other} of column = other or other = column, if the other side doesn't depend on the row. */
function columnOf(tree) {
  if (tree[0] !== '=') return null;
  for (const [side, other] of [[tree[1], tree[2]], [tree[2], tree[1]]]) {
    const isColumn = side[0] === 'path' && side[1] === '.' && side.length === 3 && side[2].length === 2
      && side[2][0] === 'child' && !/[:*()]/.test(side[2][1]);
    if (isColumn && !mentions(other, dependsOnRow)) return { column: side[2][1], other };
  }
  return null;
}

const dependsOnRow = (part) => part[0] === 'path' && part[1] === '.' || part[0] === 'call' && part.length === 2 && !CONTEXT_FREE.has(part[1]);
const maybeNumber = (tree) => ['num', 'neg', '+', '-', '*', 'div', 'mod'].includes(tree[0])
  || tree[0] === 'call' && !['not', 'selected', 'contains', 'starts-with', 'ends-with', 'true', 'false', 'boolean', 'regex'].includes(tree[1]);

/** Whether a part of the tree (predicates of other paths included) passes the test. */
function mentions(tree, test) {
  if (test(tree)) return true;
  return tree.slice(1).some((part) => Array.isArray(part) && (isStep(tree, part)
    ? part.slice(2).some((predicate) => mentions(predicate, test)) : mentions(part, test)));
}

const isStep = (tree, part) => tree[0] === 'path' && part !== tree[1];

PARTS.indexed = indexed;
FUNCTIONS.pulldata = [4, 4, pulldata];
