// The four XPath types (boolean, number, string, nodes as an array) and how one becomes another.
// An ISO date or dateTime counts as its days where a number is wanted.

import { parseDays } from './dates.js';

const NUMBER = /^[ \t\r\n]*-?(?:\d+(?:\.\d*)?|\.\d+)[ \t\r\n]*$/;

/** XPath 1.0's text of a number: no exponent, NaN and Infinity by name. */
export function numberText(x) {
  const text = String(x === 0 ? 0 : x);
  const found = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (!found) return text;
  const [, sign, whole, fraction = '', power] = found;
  const digits = whole + fraction;
  if (power > 0) return sign + digits.padEnd(Number(power) + 1, '0');
  return `${sign}0.${digits.padStart(digits.length - Number(power) - 1, '0')}`;
}

export function toText(value) {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  return value.length ? value[0].read : '';
}

/** @param {*} value @param {import('./dates.js').Zone} zone where a dateTime without offset is meant */
export function toNumber(value, zone) {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return textNumber(toText(value), zone);
}

/** The number, or days, that a text stands for; NaN for any other text. */
export function textNumber(text, zone) {
  if (NUMBER.test(text)) return Number(text);
  return text.length >= 10 && text[4] === '-' ? parseDays(text, zone) : NaN;
}

export function toBoolean(value) {
  if (typeof value === 'object') return value.length > 0;
  return Boolean(value);
}

const COMPARE = {
  '=': (a, b) => a === b, '!=': (a, b) => a !== b, '<': (a, b) => a < b, '<=': (a, b) => a <= b, '>': (a, b) => a > b, '>=': (a, b) => a >= b,
};

/**
 * XPath's comparison: true if any pair of nodes makes it true.
 * @returns {(a: *, b: *, zone: import('./dates.js').Zone) => boolean}
 */
export function comparison(operator) {
  const test = COMPARE[operator];
  const equality = operator === '=' || operator === '!=';
  const atoms = (a, b, zone) => {
    if (equality) {
      if (typeof a === 'boolean' || typeof b === 'boolean') return test(toBoolean(a), toBoolean(b));
      if (typeof a === 'string' && typeof b === 'string') return test(a, b);
    }
    return test(toNumber(a, zone), toNumber(b, zone));
  };
  return (a, b, zone) => {
    const left = typeof a === 'object', right = typeof b === 'object';
    if (!left && !right) return atoms(a, b, zone);
    if (typeof a === 'boolean' || typeof b === 'boolean') return atoms(toBoolean(a), toBoolean(b), zone);
    if (!left) return b.some((node) => atoms(a, node.read, zone));
    if (!right) return a.some((node) => atoms(node.read, b, zone));
    return a.some((one) => b.some((other) => atoms(one.read, other.read, zone)));
  };
}
