// Dates and times: today() and date() give ISO dates, now() an ISO dateTime with offset, both texts.

import { DAY, dateOf, formatDate, formatMoment, parseDays, parseMoment, parseTime } from '../dates.js';
import { textNumber, toNumber, toText } from '../values.js';

const atHome = (c, moment) => moment + c.env.zone(moment) * 60000;
const timeOfDay = (wall) => (wall - Math.floor(wall / DAY) * DAY) / DAY;

const FIRST_DAY = -719162; // 0001-01-01
const LAST_DAY = 2932896; // 9999-12-31

/**
 * Local time as if it were UTC, in ms, of a dateTime, a date (its midnight) or a number of days; NaN for a blank or NaN.
 * A text that is none of these is an error.
 */
function wallOf(c, value) {
  if (typeof value === 'boolean') throw new TypeError('A true or false is no date.');
  const text = typeof value === 'number' ? null : toText(value).trim();
  if (text === '') return NaN;
  if (text?.[10] === 'T') {
    const moment = parseMoment(text, c.env.zone);
    if (!Number.isNaN(moment)) return atHome(c, moment);
  }
  const days = text === null ? value : textNumber(text, c.env.zone);
  if (text !== null && Number.isNaN(days)) throw new TypeError(`"${text}" is no date.`);
  if (!(days >= FIRST_DAY && days <= LAST_DAY)) return NaN;
  return Number.isInteger(days) ? days * DAY : atHome(c, Math.floor(days * DAY + 0.5));
}

function date(c, value) {
  if (typeof value === 'number' && !Number.isNaN(value)) {
    if (Math.abs(value) > 2 ** 31) throw new RangeError(`${value} is no date.`);
    return dateOf(Math.trunc(value));
  }
  return dateOf(wallOf(c, value) / DAY);
}

function dateTime(c, value) {
  if (typeof value === 'number' && !Number.isNaN(value)) {
    if (!(value >= FIRST_DAY && value <= LAST_DAY)) throw new RangeError(`${value} is no date.`);
    return formatMoment(Math.floor(value * DAY + 0.5), c.env.zone);
  }
  const text = typeof value === 'number' ? '' : toText(value).trim();
  if (text[10] === 'T') {
    const moment = parseMoment(text, c.env.zone);
    if (!Number.isNaN(moment)) return formatMoment(moment, c.env.zone);
  }
  const wall = wallOf(c, value);
  if (Number.isNaN(wall)) return '';
  const first = wall - c.env.zone(wall) * 60000;
  return formatMoment(wall - c.env.zone(first) * 60000, c.env.zone);
}

function decimalDateTime(c, value) {
  if (typeof value === 'boolean') return NaN;
  return toNumber(value, c.env.zone);
}

function decimalTime(c, value) {
  if (typeof value === 'boolean') return NaN;
  if (typeof value === 'number') return timeOfDay(wallOf(c, value));
  const text = toText(value).trim();
  const time = parseTime(text);
  if (!time) return Number.isNaN(parseDays(text, c.env.zone)) && Number.isNaN(textNumber(text, c.env.zone)) ? NaN : timeOfDay(wallOf(c, text));
  if (time.offset === null) return time.ms / DAY;
  return timeOfDay(time.ms + (c.env.zone(0) - time.offset) * 60000);
}

function format(c, value, pattern) {
  const wall = wallOf(c, value);
  return Number.isNaN(wall) ? '' : formatDate(wall, toText(pattern), c.env.language);
}

export const DATES = {
  today: [0, 0, (c) => dateOf(atHome(c, c.env.now()) / DAY)],
  now: [0, 0, (c) => formatMoment(c.env.now(), c.env.zone)],
  date: [1, 1, date],
  'date-time': [1, 1, dateTime],
  'decimal-date-time': [1, 1, decimalDateTime],
  'decimal-time': [1, 1, decimalTime],
  'format-date': [2, 2, format],
  'format-date-time': [2, 2, format],
};
