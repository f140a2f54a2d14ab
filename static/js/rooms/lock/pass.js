/**
 * The key of the phone and what opens it. `vault` 'lock' is
 *
 *   { level, salt, rounds, prf, slots: [{ iv, bytes }, { iv, bytes }], tries, until, made_at }      or { wiped_at }
 *
 * One slot holds the phone's key, wrapped by what the enumerator knows (PBKDF2-SHA256) and, at the level 'prf', by what
 * the phone's own hardware adds. The other holds the key of the empty phone, wrapped by the emergency PIN, or noise when
 * none was chosen: nobody can tell which is which without a PIN.
 *
 * `policy` (the programme's, see README "Settings"): { level, lock_after, lock_on_hide, wipe_after, empty_pin }.
 */
import { whenIdle } from '../../boot.js';
import { tell, tellHere } from '../../bus.js';
import { forgetPrivate } from '../../keeping.js';
import { commit, get, getKeys } from '../../store.js';
import { open, protect, reveal } from '../../vault.js';

export const ROUNDS = 600_000;
export const SHORTEST = { pin: 6, passphrase: 10, prf: 6 };
const FREE_TRIES = 3;
const LONGEST_PAUSE = 300_000;
const OWN = 1;
const EMPTY = 2;
const ASIDE = 'tries';
const BLIND_PAUSE = 20_000;
const PRIVATE = ['drafts', 'carried', 'assignments', 'field', 'audit'];

/** Why `secret` may not be used: 'short', 'digits', 'easy'; null when it may. */
export function weakness(secret, level) {
  const plain = tidy(secret);
  if ([...plain].length < SHORTEST[level]) return 'short';
  if (level !== 'passphrase' && !/^\d+$/.test(plain)) return 'digits';
  return isEasy(plain) ? 'easy' : null;
}

/** A new key for this phone, opened by `secret`; `emptySecret` (or '') opens the empty phone. Unlocks it. */
export async function setSecret(level, secret, emptySecret = '') {
  const own = random(32);
  await commit([{ store: 'vault', key: 'lock', value: await makeLock(level, { kind: OWN, raw: own, secret }, emptySecret) }]);
  open(await imported(own));
  await commit([{ store: 'vault', key: 'note', value: await protect({ since: null, told: true }, 'note') }]);
  ready();
}

/** Another secret for the same key. False when `before` isn't the one until now. */
export async function changeSecret(before, level, secret, emptySecret = '') {
  const lock = await get('vault', 'lock');
  const hardware = await hardwareOf(lock);
  const opened = await unwrapped(lock, await wrapping(before, lock, hardware));
  if (!opened) return false;
  const value = await makeLock(level, { ...opened, secret }, opened.kind === OWN ? emptySecret : '');
  opened.raw.fill(0);
  await commit([{ store: 'vault', key: 'lock', value }]);
  tellHere('lock');
  return true;
}

/** What the phone's own hardware adds, at the level 'prf'. */
async function hardwareOf({ prf }) {
  return prf ? (await import('./prf.js')).hardwareSecret(prf) : undefined;
}

async function makeLock(level, { kind, raw, secret }, emptySecret) {
  const salt = random(16);
  const prf = level === 'prf' ? await (await import('./prf.js')).makeHardwareSecret() : null;
  const lockWith = (each) => wrapping(each, { salt, rounds: ROUNDS }, prf?.secret);
  const slots = [
    await wrap(kind, raw, await lockWith(secret)),
    emptySecret ? await wrap(EMPTY, random(32), await lockWith(emptySecret)) : { iv: random(12), bytes: random(49) },
  ];
  if (random(1)[0] % 2) slots.reverse();
  return { level, salt, rounds: ROUNDS, prf: prf?.stored ?? null, slots, tries: 0, until: 0, made_at: new Date().toISOString() };
}

/** The views may show; what hides them has to be at hand. */
function ready() {
  tellHere('lock');
  whenIdle(() => import('./neutral.js'), 500);
}

/**
 * Try `secret`. Resolves to { kind: 'open' }, { kind: 'wrong', tries, wait }, { kind: 'pause', wait } or { kind: 'wiped' }.
 * A try counts before it is made: to kill the app doesn't win another one. On a phone without room for a single number
 * more it is counted aside, or costs a wait: whoever knows the secret gets in and can make room.
 */
export async function trySecret(secret, policy) {
  const stored = await get('vault', 'lock');
  const lock = { ...stored, tries: Math.max(stored.tries, triesAside()) };
  const wait = lock.until - Date.now();
  if (wait > 0 && wait <= LONGEST_PAUSE) return { kind: 'pause', wait };
  const hardware = await hardwareOf(lock);
  const counted = { ...lock, tries: lock.tries + 1, until: Date.now() + pauseAfter(lock.tries + 1) };
  await commit([{ store: 'vault', key: 'lock', value: counted }]).catch(() => countAside(counted.tries));
  const opened = await unwrapped(lock, await wrapping(secret, lock, hardware));
  if (opened) return enter(counted, opened);
  if (counted.tries < policy.wipe_after) return { kind: 'wrong', tries: counted.tries, left: policy.wipe_after - counted.tries, wait: pauseAfter(counted.tries) };
  await wipe();
  return { kind: 'wiped' };
}

function triesAside() {
  return Number(localStorage.getItem(ASIDE)) || 0;
}

async function countAside(tries) {
  try {
    localStorage.setItem(ASIDE, tries);
  } catch {
    await new Promise((resolve) => { setTimeout(resolve, BLIND_PAUSE); });
  }
}

/** Throw away the phone's key and all that only it could read. What was finished stays: it is sealed for the office. */
export async function wipe() {
  await commit([...(await privateChanges()), { store: 'vault', key: 'lock', value: { wiped_at: new Date().toISOString() } }, { store: 'vault', key: 'note' }]);
  await forgetPrivate();
  tell('drafts');
}

/** Does the office still have to hear that the emergency PIN was used? `tellOffice` marks that it has. */
export async function emergency() {
  const note = await reveal(await get('vault', 'note'), 'note').catch(() => null);
  return note && !note.told ? note.since : null;
}

export async function officeWasTold() {
  const note = await reveal(await get('vault', 'note'), 'note');
  if (note.told) return;
  await commit([{ store: 'vault', key: 'note', value: await protect({ ...note, told: true }, 'note') }]);
}

async function enter(lock, { kind, raw, index }) {
  const key = await imported(raw);
  const value = { ...lock, tries: 0, until: 0 };
  const reset = { store: 'vault', key: 'lock', value };
  if (kind === EMPTY) return enterEmpty(value, key, index);
  open(key);
  localStorage.removeItem(ASIDE);
  await commit([reset]).catch(() => {}); // no room: what was counted until now stays counted
  ready();
  return { kind: 'open' };
}

/** The emergency PIN. The first time the other key and all under it go, the forms too; nothing on the screen says so. */
async function enterEmpty(lock, key, index) {
  const stored = await get('vault', 'note');
  open(key, new Date().toISOString());
  const note = (await reveal(stored, 'note').catch(() => null)) ?? { since: new Date().toISOString(), told: false };
  open(key, note.since);
  const slots = lock.slots.map((slot, each) => (each === index ? slot : { iv: random(12), bytes: random(49) }));
  await commit([
    ...(await privateChanges()), ...(await Promise.all(['forms', 'datasets', 'files'].map(keysOf))).flat(), { store: 'meta', key: 'catalogue' },
    { store: 'vault', key: 'lock', value: { ...lock, slots } },
    { store: 'vault', key: 'note', value: await protect(note, 'note') },
  ]);
  await forgetPrivate();
  tell('drafts');
  ready();
  return { kind: 'open' };
}

/** Deletes all that is under the phone's own key; files of finished interviews are sealed and stay. */
async function privateChanges() {
  const finished = new Set(await getKeys('outbox'));
  const lists = await Promise.all(PRIVATE.map(keysOf));
  const files = await keysOf('media');
  return [...lists.flat(), ...files.filter(({ key }) => !finished.has(key.split('/')[0].replace(/!$/, '')))];
}

async function keysOf(store) {
  return (await getKeys(store)).map((key) => ({ store, key }));
}

/** Which slot `key` opens, as { kind, raw, index }; null when it opens none. */
async function unwrapped(lock, key) {
  for (const [index, slot] of lock.slots.entries()) {
    try {
      const plain = new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: slot.iv }, key, slot.bytes));
      return { kind: plain[0], raw: plain.slice(1), index };
    } catch {
      // the other slot's, or the wrong secret
    }
  }
  return null;
}

async function wrap(kind, raw, key) {
  const iv = random(12);
  const bytes = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, new Uint8Array([kind, ...raw])));
  return { iv, bytes };
}

/** The wrapping key: what is known, stretched; at the level 'prf' together with what the hardware gives. */
async function wrapping(secret, { salt, rounds }, hardware) {
  const known = await crypto.subtle.importKey('raw', new TextEncoder().encode(tidy(secret)), 'PBKDF2', false, ['deriveBits']);
  const stretched = await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds }, known, 256);
  const both = await crypto.subtle.importKey('raw', stretched, 'HKDF', false, ['deriveKey']);
  const info = new TextEncoder().encode('wrapping key');
  const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: hardware ?? new Uint8Array(32), info };
  return crypto.subtle.deriveKey(hkdf, both, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

async function imported(raw) {
  const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
  raw.fill(0);
  return key;
}

/** Three tries are free; then 5 s, doubled each time, to 5 minutes at most. */
export function pauseAfter(tries) {
  return tries < FREE_TRIES ? 0 : Math.min(5_000 * 2 ** (tries - FREE_TRIES), LONGEST_PAUSE);
}

function tidy(secret) {
  return secret.normalize('NFKC').trim().replace(/\s+/g, ' ');
}

/** One sign only, or a row of neighbours: the first that anybody tries. */
function isEasy(plain) {
  const steps = new Set([...plain].slice(1).map((sign, index) => sign.codePointAt(0) - plain.codePointAt(index)));
  return steps.size === 1 && Math.abs([...steps][0]) <= 1;
}

function random(length) {
  return crypto.getRandomValues(new Uint8Array(length));
}
