// Texts cut and changed.

import { FUNCTIONS } from '../library.js';
import { toNumber, toText } from '../values.js';

const text = (c, value) => (value === undefined ? c.node.read : toText(value));
const characters = (value) => Array.from(toText(value));

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

/** From `start` (counted from 0, negative from the end) up to but without `end`. */
function substr(c, value, start, end) {
  const letters = Array.from(toText(value));
  const place = (x) => {
    const at = Math.trunc(toNumber(x, c.env.zone)) || 0;
    return at < 0 ? Math.max(0, letters.length + at) : at;
  };
  return letters.slice(place(start), end === undefined ? undefined : place(end)).join('');
}

Object.assign(FUNCTIONS, {
  'ends-with': [2, 2, (c, value, end) => toText(value).endsWith(toText(end))],
  'substring-before': [2, 2, (c, value, mark) => toText(value).slice(0, Math.max(0, toText(value).indexOf(toText(mark))))],
  'substring-after': [2, 2, (c, value, mark) => {
    const at = toText(value).indexOf(toText(mark));
    return at < 0 ? '' : toText(value).slice(at + toText(mark).length);
  }],
  substring: [2, 3, substring],
  'normalize-space': [0, 1, (c, value) => text(c, value).replace(/[ \t\r\n]+/g, ' ').replace(/^ | $/g, '')],
  translate: [3, 3, translate],
  substr: [2, 3, substr],
});
