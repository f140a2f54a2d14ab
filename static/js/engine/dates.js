// Dates, times and zones as ODK means them. A date is its whole days since 1970, in any zone; a dateTime is fractional
// days in UTC. Moments are milliseconds since 1970; a zone is a function from a moment to its offset in minutes.

import { PARTS } from './library.js';

export const DAY = 86400000;
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d(?::?\d\d)?)?$/;
export const two = (n) => String(n).padStart(2, '0');

/**
 * @typedef {(moment: number) => number} Zone minutes east of UTC at a moment
 * @param {string} [name] an IANA name or an offset such as -06:00; without it, the device's own zone
 * @returns {Zone}
 */
export const zoneOf = (name) => (name ? PARTS.namedZone(name) : (moment) => -new Date(moment).getTimezoneOffset());

/** Minutes of an offset written as Z, +05, +0530 or +05:30; null for anything else. */
export function offsetOf(text) {
  if (text === 'Z') return 0;
  const found = /^([+-])(\d\d):?(\d\d)?$/.exec(text);
  if (!found || Number(found[2]) > 18 || Number(found[3] ?? 0) > 59) return null;
  return (found[1] === '-' ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3] ?? 0));
}

/** Whole days of a date written as YYYY-MM-DD, or NaN. */
export function parseDate(text) {
  const found = DATE.exec(text);
  if (!found || found[1] === '0000') return NaN;
  const date = new Date(0);
  date.setUTCFullYear(Number(found[1]), Number(found[2]) - 1, Number(found[3]));
  return date.getUTCMonth() + 1 === Number(found[2]) && date.getUTCDate() === Number(found[3]) ? date.getTime() / DAY : NaN;
}

/** A time of day as {ms since midnight, offset in minutes or null if it names none}, or null. */
export function parseTime(text) {
  const found = TIME.exec(text);
  if (!found) return null;
  const [hour, minute, second] = [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)];
  const offset = found[5] ? offsetOf(found[5]) : null;
  if (hour > 23 || minute > 59 || second > 59 || found[5] && offset === null) return null;
  return { ms: ((hour * 60 + minute) * 60 + second) * 1000 + Number(`${found[4] ?? ''}000`.slice(0, 3)), offset };
}

/** A dateTime as a moment, or NaN; without offset it is meant in `zone`. */
export function parseMoment(text, zone) {
  if (text[10] !== 'T') return NaN;
  const days = parseDate(text.slice(0, 10));
  const time = parseTime(text.slice(11));
  if (!time) return NaN;
  return momentOf(days * DAY + time.ms, time.offset, zone);
}

/** The moment at which clocks show `wall` (as if it were UTC); an hour that summer time skips counts as winter's. */
function momentOf(wall, offset, zone) {
  if (offset !== null) return wall - offset * 60000;
  const first = zone(wall - zone(wall) * 60000);
  const second = zone(wall - first * 60000);
  return wall - Math.min(first, second) * 60000;
}

/** Days since 1970 of a date or dateTime, NaN for any other text. */
export function parseDays(text, zone) {
  return text.length === 10 ? parseDate(text) : parseMoment(text, zone) / DAY;
}

/** A moment as the local time of an environment's zone, as if that were UTC. */
export const atHome = (env, moment) => moment + env.zone(moment) * 60000;

/** Whether a time is in the years 1 to 9999. */
export const inYears = (ms) => ms >= -62135596800000 && ms <= 253402300799999;

/** The ISO date of a number of days; blank if there is none. */
export function dateOf(days) {
  const ms = Math.floor(days) * DAY;
  if (!inYears(ms)) return '';
  return new Date(ms).toISOString().slice(0, 10);
}

/** A moment as instances store it: local time, milliseconds and offset. */
export function formatMoment(moment, zone) {
  if (!inYears(moment)) return '';
  const minutes = zone(moment);
  const size = Math.abs(minutes);
  const wall = moment + minutes * 60000;
  if (!inYears(wall)) return '';
  return `${new Date(wall).toISOString().slice(0, 23)}${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(Math.floor(size % 60))}`;
}
