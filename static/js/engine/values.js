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

/** The words of a text. */
export const words = (value) => toText(value).split(/[ \t\r\n]+/).filter(Boolean);

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

/** In a form, a list of nodes is as true as the value of its first node; elsewhere it is true if it isn't empty. */
export function toBoolean(value, env) {
  if (typeof value !== 'object') return Boolean(value);
  return env?.inForm ? value.length > 0 && saysYes(value[0]) : value.length > 0;
}

/** Whether an answer is true by its type: a number that isn't 0, a boolean that isn't false, a text that isn't blank. */
export function saysYes(node) {
  const text = node.read;
  if (node.type === 'int' || node.type === 'decimal') return Boolean(textNumber(text, () => 0));
  return text !== '' && !(node.type === 'boolean' && text === 'false');
}

/** What a list of nodes is beside a boolean: in a form the answer, elsewhere whether there is any. */
const whole = (value, env) => (typeof value !== 'object' ? value : env.inForm ? toText(value) : toBoolean(value));

const COMPARE = {
  '=': (a, b) => a === b, '!=': (a, b) => a !== b, '<': (a, b) => a < b, '<=': (a, b) => a <= b, '>': (a, b) => a > b, '>=': (a, b) => a >= b,
};

/**
 * XPath's comparison: true if any pair of nodes makes it true. In a form, a list without nodes compares as a blank.
 * @returns {(a: *, b: *, env: object) => boolean}
 */
export function comparison(operator) {
  const test = COMPARE[operator];
  const equality = operator === '=' || operator === '!=';
  const atoms = (a, b, env) => {
    if (equality) {
      if (typeof a === 'boolean' || typeof b === 'boolean') return test(toBoolean(a, env), toBoolean(b, env));
      if (typeof a === 'string' && typeof b === 'string') return test(a, b);
    }
    return test(toNumber(a, env.zone), toNumber(b, env.zone));
  };
  return (first, second, env) => {
    if (!equality && (typeof first === 'boolean' || typeof second === 'boolean')) return atoms(whole(first, env), whole(second, env), env);
    const [a, b] = env.inForm ? [first, second].map((value) => (value.length === 0 ? '' : value)) : [first, second];
    const left = typeof a === 'object', right = typeof b === 'object';
    if (!left && !right) return atoms(a, b, env);
    if (typeof a === 'boolean' || typeof b === 'boolean') return atoms(toBoolean(a, env), toBoolean(b, env), env);
    if (!left) return b.some((node) => atoms(a, node.read, env));
    if (!right) return a.some((node) => atoms(node.read, b, env));
    return a.some((one) => b.some((other) => atoms(one.read, other.read, env)));
  };
}
