// Value types: how an answer is normalised, whether it is of its type, and how a calculated value is stored.

import { dateOf, formatMoment, parseDate, parseMoment, parseTime } from './dates.js';
import { numberText, textNumber, toNumber, toText } from './values.js';

const DAY = 86400000;
const pointsOf = (text) => text.split(';').map((point) => point.trim()).filter(Boolean);

function isPoint(text) {
  const numbers = text.trim().split(/\s+/).map(Number);
  return numbers.length >= 2 && numbers.length <= 4 && !numbers.some(Number.isNaN)
    && Math.abs(numbers[0]) <= 90 && Math.abs(numbers[1]) <= 180;
}

const CHECKS = {
  int: (text) => /^-?\d{1,18}$/.test(text),
  decimal: (text) => /^-?(\d+\.?\d*|\.\d+)$/.test(text),
  boolean: (text) => /^(true|false|1|0)$/.test(text),
  date: (text) => !Number.isNaN(parseDate(text)),
  time: (text) => parseTime(text) !== null,
  dateTime: (text) => !Number.isNaN(parseMoment(text, () => 0)),
  geopoint: isPoint,
  geotrace: (text) => pointsOf(text).length > 1 && pointsOf(text).every(isPoint),
  geoshape: (text) => pointsOf(text).length > 3 && pointsOf(text).every(isPoint),
};

/** Whether a stored text is of its type; blanks are. */
export function isOfType(text, type) {
  const check = CHECKS[type];
  return text === '' || !check || check(text);
}

/** What is stored of what somebody typed. */
export function normalise(text, type) {
  if (type === 'int') return text.trim().replace(/^([+-]?)0*(?=\d+$)/, (_, sign) => (sign === '-' ? '-' : ''));
  if (type in CHECKS) return text.trim();
  return text;
}

/** What is stored of a calculated value. @param {import('./dates.js').Zone} zone */
export function stored(value, type, zone) {
  if (type === 'int' || type === 'decimal') {
    const number = toNumber(value, zone);
    if (!Number.isFinite(number)) return '';
    return numberText(type === 'int' ? Math.trunc(number) : number);
  }
  if (typeof value === 'number' && Number.isNaN(value)) return '';
  const text = toText(value);
  if (type === 'date') {
    if (text[10] === 'T') {
      const moment = parseMoment(text, zone);
      return Number.isNaN(moment) ? text : dateOf((moment + zone(moment) * 60000) / DAY);
    }
    return text.length !== 10 && !Number.isNaN(textNumber(text, zone)) ? dateOf(textNumber(text, zone)) : text;
  }
  if (type === 'dateTime' && typeof value === 'number') return formatMoment(Math.round(value * DAY), zone);
  if (type === 'time' && text[10] === 'T') return text.slice(11);
  return text;
}
