// Dates, times and zones as ODK means them. A date is its whole days since 1970, in any zone; a dateTime is fractional
// days in UTC. Moments are milliseconds since 1970; a zone is a function from a moment to its offset in minutes.

export const DAY = 86400000;
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d(?::?\d\d)?)?$/;
const two = (n) => String(n).padStart(2, '0');

/**
 * @typedef {(moment: number) => number} Zone minutes east of UTC at a moment
 * @param {string} [name] an IANA name or an offset such as -06:00; without it, the device's own zone
 * @returns {Zone}
 */
export function zoneOf(name) {
  if (!name) return (moment) => -new Date(moment).getTimezoneOffset();
  const fixed = name === 'UTC' ? 0 : offsetOf(name);
  if (fixed !== null) return () => fixed;
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone: name, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
  });
  return (moment) => {
    if (!(Math.abs(moment) < 8e15)) return 0;
    const p = {};
    for (const { type, value } of clock.formatToParts(moment)) p[type] = Number(value);
    return (Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) - Math.floor(moment / 1000) * 1000) / 60000;
  };
}

/** Minutes of an offset written as Z, +05, +0530 or +05:30; null for anything else. */
function offsetOf(text) {
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

/** The ISO date of a number of days; blank if there is none. */
export function dateOf(days) {
  const ms = Math.floor(days) * DAY;
  if (!(ms >= -62135596800000 && ms <= 253402300799999)) return '';
  return new Date(ms).toISOString().slice(0, 10);
}

/** A moment as instances store it: local time, milliseconds and offset. */
export function formatMoment(moment, zone) {
  if (!(moment >= -62135596800000 && moment <= 253402300799999)) return '';
  const minutes = zone(moment);
  const size = Math.abs(minutes);
  const local = new Date(moment + minutes * 60000).toISOString().slice(0, 23);
  return `${local}${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(Math.floor(size % 60))}`;
}

const NAMES = {
  en: ['Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec', 'Sun Mon Tue Wed Thu Fri Sat'],
  es: ['ene feb mar abr may jun jul ago sep oct nov dic', 'dom lun mar mié jue vie sáb'],
  fr: ['janv févr mars avr mai juin juil août sept oct nov déc', 'dim lun mar mer jeu ven sam'],
  pt: ['jan fev mar abr mai jun jul ago set out nov dez', 'dom seg ter qua qui sex sáb'],
};
const LANGUAGES = { spanish: 'es', español: 'es', french: 'fr', français: 'fr', portuguese: 'pt', português: 'pt' };

/** The two letters of a form's language, as in "Español (es)". */
function languageCode(language) {
  const found = /\(([A-Za-z]{2,3})[\w-]*\)\s*$|^([A-Za-z]{2,3})(?:[-_]\w+)?$/.exec(language);
  const code = found ? (found[1] ?? found[2]).toLowerCase() : LANGUAGES[language.toLowerCase()];
  return Object.hasOwn(NAMES, code ?? '') ? code : 'en';
}

/**
 * strftime as ODK has it: %Y %y %m %n %b %d %e %a %H %h %M %S %3.
 * @param {number} wall local time as if it were UTC, in ms @param {string} pattern
 * @param {string} language a form's language, such as "Español (es)"
 */
export function formatDate(wall, pattern, language) {
  const date = new Date(wall);
  const [months, days] = NAMES[languageCode(language)].map((names) => names.split(' '));
  const [month, day, hour] = [date.getUTCMonth(), date.getUTCDate(), date.getUTCHours()];
  const year = String(date.getUTCFullYear()).padStart(4, '0');
  const parts = {
    Y: year, y: year.slice(-2), m: two(month + 1), n: month + 1, b: months[month], d: two(day), e: day, a: days[date.getUTCDay()],
    H: two(hour), h: hour, M: two(date.getUTCMinutes()), S: two(date.getUTCSeconds()), 3: String(date.getUTCMilliseconds()).padStart(3, '0'), '%': '%',
  };
  return pattern.replace(/%(.)/gs, (all, letter) => {
    if (!Object.hasOwn(parts, letter)) throw new RangeError(`${all} is not a part of a date.`);
    return parts[letter];
  });
}
