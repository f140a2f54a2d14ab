// The functions that most forms call. The others are in families/, see library.js.

import { DAY, atHome, dateOf, formatMoment } from './dates.js';
import { ELEMENT, INSTRUCTION } from './nodes.js';
import { FUNCTIONS } from './library.js';
import { needNodes } from './paths.js';
import { toBoolean, toNumber, toText, words } from './values.js';

/** A function of one number. */
export const real = (run) => [1, 1, (c, x) => run(toNumber(x, c.env.zone))];

/** The values of arguments, lists of nodes opened. */
const opened = (values) => values.flatMap((value) => (typeof value === 'object' ? value.map((node) => node.read) : [value]));
const text = (c, value) => (value === undefined ? c.node.read : toText(value));
const isBlank = (value) => toText(value) === '' || Number.isNaN(value);

/** The place of a node among its siblings of the same name, from 1. */
export function placeOf(node) {
  if (!node.parent || node.kind > INSTRUCTION) return 1;
  const siblings = node.kind === ELEMENT ? node.parent.named(node.name).filter((each) => each.prefix === node.prefix)
    : node.parent.childNodes.filter((each) => each.kind === node.kind && each.name === node.name);
  return siblings.indexOf(node) + 1;
}

/** position() in a predicate; position(node): the number of a repeat's instance. */
function position([tree], compile) {
  if (!tree) return (c) => c.position;
  const nodes = compile(tree);
  return (c) => {
    const [node] = needNodes(nodes(c));
    return node ? placeOf(node) : NaN;
  };
}

/** A secondary instance's document. */
export function instance(c, id) {
  const root = c.env.instance(toText(id));
  if (!root) throw new RangeError(`There is no instance ${toText(id)}.`);
  return root;
}

function coalesce(c, ...values) {
  let found = '';
  for (const value of values) {
    found = value(c);
    if (!isBlank(found)) return found;
  }
  return typeof found === 'number' ? '' : found;
}

/** Move the decimal point by `places`, exactly. */
function shifted(x, places) {
  const [digits, power = '0'] = (Object.is(x, -0) ? '-0' : String(x)).split('e');
  return Number(`${digits}e${Number(power) + places}`);
}

/** Halves go up: -1.5 becomes -1. */
function round(c, value, digits = 0) {
  const x = toNumber(value, c.env.zone);
  const places = Math.max(-400, Math.min(400, Math.trunc(toNumber(digits, c.env.zone))));
  if (!places) return places === 0 ? Math.round(x) : NaN;
  const moved = shifted(x, places);
  return Number.isFinite(moved) ? shifted(Math.round(moved), -places) : x;
}

/** Texts and blanks are left out. */
const extreme = (beats) => [0, 999, (c, ...values) => opened(values).map((value) => toNumber(value, c.env.zone))
  .filter((x) => !Number.isNaN(x)).reduce((best, x) => (beats(x, best) || Number.isNaN(best) ? x : best), NaN)];

function sum(c, nodes) {
  return needNodes(nodes).reduce((total, { read }) => (read === '' ? total : total + toNumber(read, c.env.zone)), 0);
}

/** A version 4 UUID, or so many random characters. */
export function uuid({ random }, length) {
  if (length === undefined) {
    return '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (c) => (c ^ (random() * 16 >> c / 4)).toString(16));
  }
  return Array.from({ length: Math.min(Math.max(0, Math.trunc(length) || 0), 1000) }, () => Math.floor(random() * 36).toString(36)).join('');
}

Object.assign(FUNCTIONS, {
  last: [0, 0, (c) => c.size],
  position: [0, 1, position, 'trees'],
  count: [1, 1, (c, nodes) => needNodes(nodes).filter((node) => node.relevant).length],
  string: [0, 1, text],
  concat: [0, 999, (c, ...values) => opened(values).map(toText).join('')],
  join: [1, 999, (c, separator, ...values) => opened(values).map(toText).join(toText(separator))],
  'starts-with': [2, 2, (c, value, start) => toText(value).startsWith(toText(start))],
  contains: [2, 2, (c, value, part) => toText(value).includes(toText(part))],
  'string-length': [0, 1, (c, value) => Array.from(text(c, value)).length],
  boolean: [1, 1, (c, value) => toBoolean(value, c.env)],
  not: [1, 1, (c, value) => !toBoolean(value, c.env)],
  true: [0, 0, () => true],
  false: [0, 0, () => false],
  if: [3, 3, (c, condition, yes, no) => (toBoolean(condition(c), c.env) ? yes(c) : no(c)), 'lazy'],
  coalesce: [2, 999, coalesce, 'lazy'],
  once: [1, 1, (c, value) => (c.current.value === '' ? value(c) : c.current.value), 'lazy'],

  number: [0, 1, (c, value) => toNumber(value === undefined ? c.node.read : value, c.env.zone)],
  int: real((x) => Math.trunc(x) + 0),
  round: [1, 2, round],
  sum: [1, 1, sum],
  min: extreme((a, b) => a < b),
  max: extreme((a, b) => a > b),
  random: [0, 0, (c) => c.env.random()],
  uuid: [0, 1, (c, length) => uuid(c.env, length === undefined ? length : toNumber(length, c.env.zone))],
  today: [0, 0, (c) => dateOf(atHome(c.env, c.env.now()) / DAY)],
  now: [0, 0, (c) => formatMoment(c.env.now(), c.env.zone)],

  current: [0, 0, (c) => [c.current]],
  instance: [1, 1, (c, id) => [instance(c, id)]],
  selected: [2, 2, (c, value, choice) => ` ${toText(value)} `.includes(` ${toText(choice).trim()} `)],
  'selected-at': [2, 2, (c, value, at) => words(value)[Math.trunc(toNumber(at, c.env.zone))] ?? ''],
  'count-selected': [1, 1, (c, value) => words(value).length],
  'jr:choice-name': [2, 2, (c, value, path) => c.env.choiceName(c, toText(value), toText(path).trim())],
  'jr:itext': [1, 1, (c, id) => c.env.itext(toText(id), c)],
});
