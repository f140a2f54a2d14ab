// Texts beyond XPath 1.0: cutting, joining, inventing.

import { opened } from './core.js';
import { toNumber, toText } from '../values.js';

/** From `start` (counted from 0, negative from the end) up to but without `end`. */
function substr(c, value, start, end) {
  const letters = Array.from(toText(value));
  const place = (x) => {
    const at = Math.trunc(toNumber(x, c.env.zone)) || 0;
    return at < 0 ? Math.max(0, letters.length + at) : at;
  };
  return letters.slice(place(start), end === undefined ? undefined : place(end)).join('');
}

/** A version 4 UUID, or so many random characters. */
export function uuid(env, length) {
  if (length !== undefined) {
    return Array.from({ length: Math.min(Math.max(0, Math.trunc(length) || 0), 1000) }, () => Math.floor(env.random() * 36).toString(36)).join('');
  }
  return '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (c) => (c ^ (env.random() * 16 >> c / 4)).toString(16));
}

export const TEXTS = {
  substr: [2, 3, substr],
  join: [1, 999, (c, separator, ...values) => opened(values).map(toText).join(toText(separator))],
  uuid: [0, 1, (c, length) => uuid(c.env, length === undefined ? undefined : toNumber(length, c.env.zone))],
};
