/**
 * Three witnesses of what this phone holds: IndexedDB, a second copy in files beside it, and a canary in localStorage that
 * knows how many there should be. They are compared when the app starts; what one lost another gives back, and what all
 * lost is said aloud, with numbers. The work is in rooms/keeping/, so that opening the app doesn't wait for it.
 */
import { calm, whenIdle } from './boot.js';
import { listen } from './bus.js';
import { get, getKeys, getKeysBy } from './store.js';
import { locked } from './vault.js';

const DRAFT_EVERY = 8_000;
/** Where rooms/keeping/writer.js keeps the second copies. */
const FOLDER = 'second';

let timer = null;
const unsaved = new Map();

/** The second copy's room. */
export function second() {
  return import('./rooms/keeping/copy.js');
}

/**
 * Begin; call once, before anything is read. Waits only when this phone was enrolled and its database says it wasn't: then
 * what can be restored is restored first.
 */
export async function startKeeping() {
  const device = await get('meta', 'device').catch(() => null);
  if (device || !(await wasEnrolled())) {
    calm.then(() => whenIdle(compare));
  } else {
    await compare();
    if (!(await get('meta', 'device').catch(() => true))) (await import('./rooms/state/cards.js')).shout();
  }
  listen(['queue', 'drafts'], () => noteCanary());
  listen('catalogue', () => calm.then(noteCanary));
  listen(['catalogue', 'lock'], () => calm.then(copyPhone));
  listen('lock', () => whenIdle(protectOlder, 1_000));
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'hidden') copyDrafts(); });
}

/** Whether the other witnesses know of this phone: either may be missing, the canary's last lines when power fails. */
async function wasEnrolled() {
  if (localStorage.getItem('encuesta')) return true;
  const files = await navigator.storage?.getDirectory?.().catch(() => null);
  return Boolean(await files?.getDirectoryHandle(FOLDER).catch(() => null));
}

/** Write down which ids there should be. */
export async function noteCanary() {
  try {
    const [ids, drafts, device] = await Promise.all([unsentIds(), getKeys('drafts'), get('meta', 'device')]);
    (await second()).writeCanary({ outbox: ids, drafts, enrolled: Boolean(device) });
  } catch {
    // a canary that can't be written must not stop what it watches over
  }
}

async function unsentIds() {
  const lists = await Promise.all(['waiting', 'media', 'refused'].map((state) => getKeysBy('outbox', 'state', state)));
  return lists.flat();
}

/** A draft was stored: its second copy follows within some seconds, and at once when the app leaves the screen. */
export function keepDraft(value) {
  unsaved.set(value.id, value);
  timer ??= setTimeout(copyDrafts, DRAFT_EVERY);
}

/** A draft is no more: neither is its copy. */
export async function forgetDraft(id) {
  unsaved.delete(id);
  const copies = await second();
  await copies.drop(...copies.turnsOf(`d-${id}`));
}

/** The phone's key is gone: the copies that it protected go too. Finished interviews are sealed and stay. */
export async function forgetPrivate() {
  unsaved.clear();
  const copies = await second();
  await copies.drop(...((await copies.names()) ?? []).filter((name) => !/^[om]-/.test(name)));
  await noteCanary();
}

async function copyDrafts() {
  clearTimeout(timer);
  timer = null;
  const values = [...unsaved.values()];
  unsaved.clear();
  if (values.length === 0) return;
  const copies = await second();
  for (const value of values) await copies.putInTurn(`d-${value.id}`, { draft: value });
}

function copyPhone() {
  return import('./rooms/keeping/compare.js').then((room) => room.copyPhone()).catch(() => {});
}

function protectOlder() {
  if (!locked()) import('./rooms/keeping/older.js').then((room) => room.protectOlder()).catch(() => {}); // the next unlocking tries again
}

function compare() {
  return import('./rooms/keeping/compare.js').then((room) => room.compare()).catch(() => {});
}
