// Dates and times as functions: date() and format-date() and those near them. All give texts, the decimal ones numbers.

import { DAY, atHome, dateOf, formatMoment, inYears, parseDays, parseMoment, parseTime, two } from '../dates.js';
import { FUNCTIONS } from '../library.js';
import { textNumber, toNumber, toText } from '../values.js';

const timeOfDay = (wall) => (wall - Math.floor(wall / DAY) * DAY) / DAY;

const FIRST_DAY = -719162; // 0001-01-01
const LAST_DAY = 2932896; // 9999-12-31

function wallAt(c, moment) {
  const wall = inYears(moment) ? atHome(c.env, moment) : NaN;
  return inYears(wall) ? wall : NaN;
}

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
    if (!Number.isNaN(moment)) return wallAt(c, moment);
  }
  const days = text === null ? value : textNumber(text, c.env.zone);
  if (text !== null && Number.isNaN(days)) throw new TypeError(`"${text}" is no date.`);
  if (!(days >= FIRST_DAY && days <= LAST_DAY)) return NaN;
  return Number.isInteger(days) ? days * DAY : wallAt(c, Math.floor(days * DAY + 0.5));
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

const NAMES = {
  en: ['Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec', 'Sun Mon Tue Wed Thu Fri Sat'],
  es: ['ene feb mar abr may jun jul ago sep oct nov dic', 'dom lun mar mié jue vie sáb'],
  fr: ['janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.', 'dim. lun. mar. mer. jeu. ven. sam.'],
  pt: ['jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez.', 'dom. seg. ter. qua. qui. sex. sáb.'],
};
const LANGUAGES = { spanish: 'es', español: 'es', french: 'fr', français: 'fr', portuguese: 'pt', português: 'pt' };

/** The two letters of a form's language, as in "Español (es)". */
function languageCode(language) {
  const found = /\(([A-Za-z]{2,3})[\w-]*\)\s*$|^([A-Za-z]{2,3})(?:[-_]\w+)?$/.exec(language);
  const code = found ? (found[1] ?? found[2]).toLowerCase() : LANGUAGES[language.toLowerCase()];
  return Object.hasOwn(NAMES, code ?? '') ? code : 'en';
}

/** The week of the year: week 1 has January 1, weeks start on Sunday, as JavaRosa counts. */
function weekOf(date) {
  const saturday = new Date(date.getTime() + (6 - date.getUTCDay()) * DAY);
  const first = new Date(Date.UTC(saturday.getUTCFullYear(), 0, 1));
  return Math.floor((Math.floor((saturday - first) / DAY) + first.getUTCDay()) / 7) + 1;
}

/**
 * strftime as ODK has it: %Y %y %m %n %b %d %e %a %W %H %h %M %S %3.
 * @param {number} wall local time as if it were UTC, in ms @param {string} pattern
 * @param {string} language a form's language, such as "Español (es)"
 */
function formatDate(wall, pattern, language) {
  const date = new Date(wall);
  const [months, days] = NAMES[languageCode(language)].map((names) => names.split(' '));
  const [month, day, hour] = [date.getUTCMonth(), date.getUTCDate(), date.getUTCHours()];
  const year = String(date.getUTCFullYear()).padStart(4, '0');
  const parts = {
    Y: year, y: year.slice(-2), m: two(month + 1), n: month + 1, b: months[month], d: two(day), e: day, a: days[date.getUTCDay()],
    H: two(hour), h: hour, M: two(date.getUTCMinutes()), S: two(date.getUTCSeconds()), 3: String(date.getUTCMilliseconds()).padStart(3, '0'), '%': '%',
    W: weekOf(date),
  };
  return pattern.replace(/%(.?)/gs, (all, letter) => {
    if (!Object.hasOwn(parts, letter)) throw new RangeError(`${all} is not a part of a date.`);
    return parts[letter];
  });
}

Object.assign(FUNCTIONS, {
  date: [1, 1, date],
  'date-time': [1, 1, dateTime],
  'decimal-date-time': [1, 1, decimalDateTime],
  'decimal-time': [1, 1, decimalTime],
  'format-date': [2, 2, format],
  'format-date-time': [2, 2, format],
});
