// Value types: how an answer is normalised, whether it is of its type, and how a calculated value is stored.

import { DAY, atHome, dateOf, formatMoment, parseDate, parseMoment, parseTime } from './dates.js';
import { numberText, textNumber, toNumber, toText } from './values.js';

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)$/;
const pointsOf = (text) => text.split(';').map((point) => point.trim()).filter(Boolean);

function isPoint(text) {
  const numbers = text.trim().split(/\s+/).map(Number);
  return numbers.length >= 2 && numbers.length <= 4 && !numbers.some(Number.isNaN)
    && Math.abs(numbers[0]) <= 90 && Math.abs(numbers[1]) <= 180;
}

const isMoment = (text) => !Number.isNaN(parseMoment(text, () => 0));

const CHECKS = {
  int: (text) => /^[+-]?\d{1,15}$/.test(text),
  decimal: (text) => DECIMAL.test(text),
  boolean: (text) => /^(true|false|1|0)$/.test(text),
  date: (text) => !Number.isNaN(parseDate(text)) || isMoment(text),
  time: (text) => parseTime(text) !== null,
  dateTime: isMoment,
  geopoint: isPoint,
  geotrace: (text) => pointsOf(text).length > 1 && pointsOf(text).every(isPoint),
  geoshape: (text) => pointsOf(text).length > 2 && pointsOf(text).every(isPoint),
};

/** Whether a stored text is of its type; blanks are. */
export function isOfType(text, type) {
  const check = CHECKS[type];
  return text === '' || !check || check(text);
}

/** What is stored of what somebody typed: numbers without needless zeros, a comma as decimal sign becomes a point. */
export function normalise(text, type) {
  const plain = text.trim();
  if (type === 'int') return CHECKS.int(plain) ? numberText(Number(plain)) : plain;
  if (type !== 'decimal') return text;
  const point = plain.includes('.') || plain.split(',').length !== 2 ? plain : plain.replace(',', '.');
  return DECIMAL.test(point) ? numberText(Number(point)) : point;
}

/** What is stored of a calculated value. @param {import('./dates.js').Zone} zone */
export function stored(value, type, zone) {
  if (type === 'int' || type === 'decimal') {
    const number = toNumber(value, zone);
    if (!Number.isFinite(number)) return '';
    return numberText(type === 'int' ? Math.trunc(number) : number);
  }
  if (typeof value === 'number') return numberStored(value, type, zone);
  const text = toText(value);
  if (type === 'date') return asDate(text, zone);
  if (type === 'dateTime' && !Number.isNaN(parseDate(text))) return formatMoment(parseMoment(`${text}T00:00`, zone), zone);
  if (type === 'time' && text[10] === 'T') return text.slice(11);
  if (type === 'boolean') return { 1: 'true', 0: 'false' }[text] ?? text;
  return text;
}

function numberStored(number, type, zone) {
  if (Number.isNaN(number)) return '';
  if (type === 'date') return dateOf(number);
  if (type === 'dateTime') return formatMoment(Math.floor(number * DAY + 0.5), zone);
  if (type === 'boolean') return number ? 'true' : 'false';
  return numberText(number);
}

function asDate(text, zone) {
  if (text[10] === 'T') {
    const moment = parseMoment(text, zone);
    return Number.isNaN(moment) ? '' : dateOf(atHome({ zone }, moment) / DAY);
  }
  return Number.isNaN(parseDate(text)) ? dateOf(textNumber(text, zone)) : text;
}
