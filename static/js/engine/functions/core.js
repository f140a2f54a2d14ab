// XPath 1.0's own functions, and ODK's conditions.

import { XML_NS } from '../nodes.js';
import { needNodes } from '../paths.js';
import { saysYes, toBoolean, toNumber, toText } from '../values.js';

const here = (c, nodes) => (nodes ? needNodes(nodes)[0] : c.node);
const text = (c, value) => (value === undefined ? c.node.read : toText(value));
const characters = (value) => Array.from(toText(value));
const isBlank = (value) => toText(value) === '' || typeof value === 'number' && Number.isNaN(value);

/** XPath's substring: from `start` (counted from 1), both rounded. */
function substring(c, value, start, length) {
  const from = Math.round(toNumber(start, c.env.zone));
  const to = length === undefined ? Infinity : from + Math.round(toNumber(length, c.env.zone));
  return characters(value).filter((_, i) => i + 1 >= from && i + 1 < to).join('');
}

function translate(c, value, from, to) {
  const map = new Map();
  const target = characters(to);
  characters(from).forEach((letter, i) => map.has(letter) || map.set(letter, target[i] ?? ''));
  return characters(value).map((letter) => map.get(letter) ?? letter).join('');
}

function language(c, wanted) {
  for (let node = c.node; node; node = node.parent) {
    const found = node.attributes.find((a) => a.name === 'lang' && (a.ns === XML_NS || a.prefix === 'xml'));
    if (found) return `${found.text.toLowerCase()}-`.startsWith(`${toText(wanted).toLowerCase()}-`);
  }
  return false;
}

/** The values of arguments, lists of nodes opened. */
export const opened = (values) => values.flatMap((value) => (typeof value === 'object' ? value.map((node) => node.read) : [value]));

const counts = (value) => (typeof value === 'object' ? value.length > 0 && saysYes(value[0]) : toBoolean(value));

/** A negative number stands for no limit. */
const within = (c, total, least, most) => {
  const [low, high] = [toNumber(least, c.env.zone), toNumber(most, c.env.zone)];
  return (low < 0 || total >= low) && (high < 0 || total <= high);
};

function checklist(c, least, most, ...values) {
  const all = values.flatMap((value) => (typeof value === 'object' ? value.map((node) => [node]) : [value]));
  return within(c, all.filter(counts).length, least, most);
}

/** Values and weights in turn, or a list of nodes for each. */
function weighted(c, least, most, ...pairs) {
  const lists = pairs.length === 2 && pairs.every((value) => typeof value === 'object');
  const [values, weights] = lists ? pairs.map((nodes) => nodes.map((node) => [node])) : [0, 1].map((odd) => pairs.filter((_, i) => i % 2 === odd));
  if (values.length !== weights.length) throw new TypeError('weighted-checklist() needs a weight for every value.');
  const total = values.reduce((sum, value, i) => sum + (counts(value) ? toNumber(weights[i], c.env.zone) : 0), 0);
  return within(c, total, least, most);
}

export const CORE = {
  last: [0, 0, (c) => c.size],
  count: [1, 1, (c, nodes) => needNodes(nodes).filter((node) => node.relevant).length],
  'local-name': [0, 1, (c, nodes) => here(c, nodes)?.name ?? ''],
  name: [0, 1, (c, nodes) => here(c, nodes)?.qname ?? ''],
  'namespace-uri': [0, 1, (c, nodes) => here(c, nodes)?.ns ?? ''],
  string: [0, 1, text],
  concat: [0, 999, (c, ...values) => opened(values).map(toText).join('')],
  'starts-with': [2, 2, (c, value, start) => toText(value).startsWith(toText(start))],
  'ends-with': [2, 2, (c, value, end) => toText(value).endsWith(toText(end))],
  contains: [2, 2, (c, value, part) => toText(value).includes(toText(part))],
  'substring-before': [2, 2, (c, value, mark) => toText(value).slice(0, Math.max(0, toText(value).indexOf(toText(mark))))],
  'substring-after': [2, 2, (c, value, mark) => {
    const at = toText(value).indexOf(toText(mark));
    return at < 0 ? '' : toText(value).slice(at + toText(mark).length);
  }],
  substring: [2, 3, substring],
  'string-length': [0, 1, (c, value) => Array.from(text(c, value)).length],
  'normalize-space': [0, 1, (c, value) => text(c, value).replace(/[ \t\r\n]+/g, ' ').replace(/^ | $/g, '')],
  translate: [3, 3, translate],
  boolean: [1, 1, (c, value) => toBoolean(value, c.env)],
  not: [1, 1, (c, value) => !toBoolean(value, c.env)],
  true: [0, 0, () => true],
  false: [0, 0, () => false],
  lang: [1, 1, language],
  number: [0, 1, (c, value) => toNumber(value === undefined ? c.node.read : value, c.env.zone)],

  if: [3, 3, (c, condition, yes, no) => (toBoolean(condition(c), c.env) ? yes(c) : no(c)), 'lazy'],
  coalesce: [1, 999, (c, ...values) => {
    let found = '';
    for (const value of values) {
      found = value(c);
      if (!isBlank(found)) return found;
    }
    return typeof found === 'number' ? '' : found;
  }, 'lazy'],
  once: [1, 1, (c, value) => (c.current.value === '' ? value(c) : c.current.value), 'lazy'],
  'boolean-from-string': [1, 1, (c, value) => ['true', '1'].includes(toText(value).trim().toLowerCase())],
  checklist: [2, 999, checklist],
  'weighted-checklist': [2, 999, weighted],
  depend: [1, 999, (c, value) => value],
};
