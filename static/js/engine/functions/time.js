// Dates and times: today() and date() give ISO dates, now() an ISO dateTime with offset, both texts.

import { DAY, dateOf, formatDate, formatMoment, parseDate, parseMoment, parseTime } from '../dates.js';
import { textNumber, toNumber, toText } from '../values.js';

/** Local time as if it were UTC, in ms, of a date, dateTime or number of days; NaN for anything else. */
function wallOf(c, value) {
  const days = typeof value === 'number' ? value : textNumber(toText(value), c.env.zone);
  if (Number.isInteger(days)) return days * DAY;
  const moment = Math.round(days * DAY);
  return moment + c.env.zone(moment) * 60000;
}

/** dateTimes that fall on midnight UTC are still dateTimes: their wall clock isn't midnight elsewhere. */
function wall(c, value) {
  const text = typeof value === 'number' ? '' : toText(value);
  if (text[10] !== 'T') return wallOf(c, value);
  const moment = parseMoment(text, c.env.zone);
  return moment + c.env.zone(moment) * 60000;
}

const localNow = (c) => c.env.now() + c.env.zone(c.env.now()) * 60000;

function decimalTime(c, value) {
  const text = toText(value);
  if (text[10] === 'T') {
    const local = wall(c, text);
    return (local - Math.floor(local / DAY) * DAY) / DAY;
  }
  const time = parseTime(text);
  if (!time) return NaN;
  const local = time.offset === null ? time.ms : time.ms + (c.env.zone(0) - time.offset) * 60000;
  return (local - Math.floor(local / DAY) * DAY) / DAY;
}

function dateTime(c, value) {
  const days = toNumber(value, c.env.zone);
  const text = typeof value === 'number' ? '' : toText(value);
  if (text[10] === 'T') return Number.isNaN(days) ? '' : text;
  if (!Number.isNaN(parseDate(text))) {
    const midnight = days * DAY;
    return formatMoment(midnight - c.env.zone(midnight) * 60000, c.env.zone);
  }
  return formatMoment(Math.round(days * DAY), c.env.zone);
}

export const DATES = {
  today: [0, 0, (c) => dateOf(localNow(c) / DAY)],
  now: [0, 0, (c) => formatMoment(c.env.now(), c.env.zone)],
  date: [1, 1, (c, value) => (typeof value === 'number' ? dateOf(value) : dateOf(wall(c, value) / DAY))],
  'date-time': [1, 1, dateTime],
  'decimal-date-time': [1, 1, (c, value) => toNumber(value, c.env.zone)],
  'decimal-time': [1, 1, decimalTime],
  'format-date': [2, 2, (c, value, pattern) => formatDate(wall(c, value), toText(pattern), c.env.language, false)],
  'format-date-time': [2, 2, (c, value, pattern) => formatDate(wall(c, value), toText(pattern), c.env.language, true)],
};
