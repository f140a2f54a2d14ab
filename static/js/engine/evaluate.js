// Expression trees to closures. Compile a tree once, then call closure(context) as often as needed; no eval, no parser.
// context = {node, position, size, current, env}; env = {root, zone, now(), random(), language, instance(id), ...}, see
// environment() for what an env must have.

import './functions.js';
import { FUNCTIONS } from './library.js';
import { inOrder } from './nodes.js';
import { compileFilter, compilePath, needNodes } from './paths.js';
import { comparison, toBoolean, toNumber } from './values.js';
import { zoneOf } from './dates.js';

/** An expression calls what doesn't exist here, or with a wrong number of arguments. */
export class ExpressionProblem extends Error {}

const ARITHMETIC = {
  '+': (a, b) => a + b, '-': (a, b) => a - b, '*': (a, b) => a * b, div: (a, b) => a / b, mod: (a, b) => a % b,
};

/**
 * @typedef {{node: import('./nodes.js').Node, position: number, size: number, current: import('./nodes.js').Node, env: object}} Context
 * @typedef {{ns?: Record<string, string>, inForm?: boolean}} Scope prefixes that node tests use; in forms, names without
 *   prefix match in any namespace
 * @param {Array} tree @param {Scope} [scope]
 * @returns {(c: Context) => boolean|number|string|import('./nodes.js').Node[]}
 */
export function compile(tree, scope = {}) {
  const inner = (part) => compile(part, scope);
  const [head, ...rest] = tree;
  if (head === 'num' || head === 'str') return () => tree[1];
  if (head === 'path') return compilePath(tree, inner, scope);
  if (head === 'filter') return compileFilter(tree, inner);
  if (head === 'call') return compileCall(tree, inner);
  const parts = rest.map(inner);
  if (head === 'and') return (c) => parts.every((part) => toBoolean(part(c), c.env));
  if (head === 'or') return (c) => parts.some((part) => toBoolean(part(c), c.env));
  if (head === 'neg') return (c) => -toNumber(parts[0](c), c.env.zone);
  if (head === '|') return (c) => inOrder([...new Set(parts.flatMap((part) => needNodes(part(c))))]);
  const [a, b] = parts;
  const arithmetic = ARITHMETIC[head];
  if (arithmetic) return (c) => arithmetic(toNumber(a(c), c.env.zone), toNumber(b(c), c.env.zone));
  const test = comparison(head);
  return (c) => test(a(c), b(c), c.env);
}

function compileCall([, name, ...trees], inner) {
  const found = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : null;
  if (!found) throw new ExpressionProblem(`${name}() is not a function.`);
  const [least, most, run, special] = found;
  if (trees.length < least || trees.length > most) throw new ExpressionProblem(`${name}() has a wrong number of arguments.`);
  if (special === 'trees') return run(trees, inner);
  const args = trees.map(inner);
  if (special === 'lazy') return (c) => run(c, ...args);
  const [a, b, d] = args;
  if (args.length === 0) return run;
  if (args.length === 1) return (c) => run(c, a(c));
  if (args.length === 2) return (c) => run(c, a(c), b(c));
  if (args.length === 3) return (c) => run(c, a(c), b(c), d(c));
  return (c) => run(c, ...args.map((arg) => arg(c)));
}

/** From 0 up to 1, from the device's own source of chance: draws of people and ids have to be fair. */
function chance() {
  return globalThis.crypto ? crypto.getRandomValues(new Uint32Array(1))[0] / 2 ** 32 : Math.random();
}

/** What expressions may ask of their surroundings, with everything at its default. */
export function environment(options = {}) {
  return {
    root: null, // the primary instance; null: the context node's own document
    inForm: false, // whether lists of nodes are judged by their values, as forms do
    seed: Math.floor(chance() * 2147483646) + 1, // of shuffles without a seed of their own
    zone: zoneOf(options.tz),
    now: () => Date.now(),
    random: chance,
    language: '',
    version: '', // of the form
    properties: {}, // what the device knows: deviceid, username ...
    instance: () => null,
    choiceName: () => '',
    itext: () => '',
    ...options,
  };
}

/** The context in which an expression about `node` starts. */
export const contextOf = (node, env) => ({ node, position: 1, size: 1, current: node, env });
