// Arithmetic beyond the operators.

import { toNumber } from '../values.js';

const real = (run) => [1, 1, (c, x) => run(toNumber(x, c.env.zone))];

/** Numbers among the arguments, lists of nodes opened; blanks and texts are left out. */
const numbers = (c, values) => values
  .flatMap((value) => (typeof value === 'object' ? value.map((node) => toNumber(node.read, c.env.zone)) : [toNumber(value, c.env.zone)]))
  .filter((x) => !Number.isNaN(x));

/** Move the decimal point by `places`, exactly. */
function shifted(x, places) {
  const [digits, power = '0'] = (Object.is(x, -0) ? '-0' : String(x)).split('e');
  return Number(`${digits}e${Number(power) + places}`);
}

/** Halves go up: -1.5 becomes -1. */
export function round(x, digits) {
  if (digits === undefined) return Math.round(x);
  const places = Math.trunc(digits);
  if (Number.isNaN(x) || Number.isNaN(places)) return NaN;
  const moved = shifted(x, Math.max(-400, Math.min(400, places)));
  if (!Number.isFinite(x) || !Number.isFinite(moved)) return x;
  return shifted(Math.round(moved), -Math.max(-400, Math.min(400, places)));
}

const extreme = (pick) => [1, 999, (c, ...values) => {
  const found = numbers(c, values);
  return found.length ? found.reduce(pick) : NaN;
}];

export const NUMBERS = {
  sum: [1, 1, (c, nodes) => {
    if (typeof nodes !== 'object') throw new TypeError('sum() needs a list of nodes.');
    let total = 0;
    for (const node of nodes) {
      const text = node.read;
      if (text !== '') total += toNumber(text, c.env.zone);
    }
    return total;
  }],
  min: extreme((a, b) => (b < a ? b : a)),
  max: extreme((a, b) => (b > a ? b : a)),
  floor: real(Math.floor),
  ceiling: real(Math.ceil),
  round: [1, 2, (c, x, digits) => round(toNumber(x, c.env.zone), digits === undefined ? undefined : toNumber(digits, c.env.zone))],
  int: real((x) => Math.trunc(x) + 0),
  abs: real(Math.abs),
  pow: [2, 2, (c, x, y) => toNumber(x, c.env.zone) ** toNumber(y, c.env.zone)],
  log: real(Math.log),
  log10: real(Math.log10),
  exp: real(Math.exp),
  exp10: real((x) => 10 ** x),
  sqrt: real(Math.sqrt),
  pi: [0, 0, () => Math.PI],
  sin: real(Math.sin),
  cos: real(Math.cos),
  tan: real(Math.tan),
  asin: real(Math.asin),
  acos: real(Math.acos),
  atan: real(Math.atan),
  atan2: [2, 2, (c, y, x) => Math.atan2(toNumber(y, c.env.zone), toNumber(x, c.env.zone))],
  random: [0, 0, (c) => c.env.random()],
};
