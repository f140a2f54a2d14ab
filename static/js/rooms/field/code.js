/**
 * What two phones of a pair tell each other: which visit, which encounter comes next, who observes. As a QR code it carries
 * the post too; as a short code, read aloud or typed, K7Q2M-01-007-H: visit, encounter, observer, and a letter that proves it.
 */
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const MARK = 'EP1';
const FIELDS = ['visit', 'encounter', 'observer', 'post', 'department', 'country', 'wave', 'mode', 'form'];
const VISIT = /^[A-Z0-9]{4,8}$/;

/** A visit code that nobody takes for another: no I, O, 0 or 1. */
export function newVisitCode() {
  return [...crypto.getRandomValues(new Uint8Array(5))].map((byte) => LETTERS[byte % LETTERS.length]).join('');
}

/** The text of the QR code. */
export function writePair(pair) {
  return [MARK, ...FIELDS.map((name) => String(pair[name] ?? '').replaceAll('|', ' '))].join('|');
}

/** The short code. */
export function writeShort({ visit, encounter, observer }) {
  const said = `${visit}-${String(encounter).padStart(2, '0')}-${/\d{3}$/.exec(observer)?.[0] ?? '000'}`;
  return `${said}-${proof(said)}`;
}

/** What was scanned or typed: the pair, or null for anything else, such as a letter misheard. */
export function readPair(text) {
  const said = text.trim();
  return said.startsWith(`${MARK}|`) ? readLong(said) : readShort(said);
}

function readLong(said) {
  const values = said.split('|').slice(1);
  if (values.length !== FIELDS.length) return null;
  const pair = Object.fromEntries(FIELDS.map((name, place) => [name, values[place]]));
  return fits({ ...pair, encounter: Number(pair.encounter) });
}

function readShort(said) {
  const parts = said.toUpperCase().replace(/[^A-Z0-9]+/g, '-').split('-').filter(Boolean);
  const whole = parts.length === 1 ? /^([A-Z0-9]{4,8})(\d{2})(\d{3})([A-Z2-9])$/.exec(parts[0])?.slice(1) : parts;
  if (whole?.length !== 4) return null;
  const [visit, encounter, number, letter] = whole;
  if (proof(`${visit}-${encounter}-${number}`) !== letter) return null;
  return fits({ visit, encounter: Number(encounter), observer: number === '000' ? '' : `OB${number}` });
}

function fits(pair) {
  const counts = Number.isInteger(pair.encounter) && pair.encounter > 0 && pair.encounter < 100;
  return counts && VISIT.test(pair.visit) ? pair : null;
}

/** One letter that changes when any other does, or when two change places: a sum modulo a prime, by growing weights. */
function proof(said) {
  const value = [...said].reduce((all, letter, place) => (all + (letter.charCodeAt(0) - 44) * (place + 1)) % 31, 0);
  return LETTERS[value];
}
