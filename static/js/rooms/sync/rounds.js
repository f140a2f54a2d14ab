/**
 * When the phone talks to the office: when it is told to (sync.js: the app opens, comes into view, an interview is
 * finished) and on a timer that backs off. `navigator.onLine` is never asked; only an answer proves a line. One tab at a
 * time (Web Lock). What waits goes first (sending.js), then its pictures and sound, then the forms are asked for.
 */
import { tellHere } from '../../bus.js';
import { wakeMe } from '../../install.js';
import { countQueue } from '../../outbox.js';
import { get } from '../../store.js';
import { line } from '../../sync.js';
import { emptySince, locked } from '../../vault.js';
import { refreshCatalogue } from './catalogue.js';

const FIRST_WAIT = 3_000;
const LONGEST_WAIT = 300_000;
const CATALOGUE_AGE = 15 * 60_000;

let failures = 0;
let timer = null;
let round = null;
let following = null;
let catalogueWanted = false;

/** Try now, and forget earlier failures; a round that is running is followed by another. Resolves when that is over. */
export function sendNow({ catalogue = false } = {}) {
  failures = 0;
  catalogueWanted ||= catalogue;
  if (!round) return begin();
  following ??= round.catch(() => {}).then(() => {
    following = null;
    return begin();
  });
  return following;
}

function begin() {
  clearTimeout(timer);
  round = work().finally(() => { round = null; });
  return round;
}

async function work() {
  const device = await get('meta', 'device');
  if (!device) return;
  setLine({ busy: true });
  let met = { reason: 'phone' };
  try {
    met = await alone(() => oneRound(device));
  } finally {
    setLine({ busy: false, reason: met?.reason ?? null });
    schedule(met);
  }
}

async function oneRound(device) {
  const stuck = await sendWaiting(device);
  if (stuck) {
    wakeMe();
    return stuck;
  }
  const catalogue = await get('meta', 'catalogue');
  const age = Date.now() - (catalogue?.asked_at ?? 0);
  if (!catalogueWanted && age >= 0 && age < CATALOGUE_AGE) return (await sending()).report(device);
  const chosen = !locked() || (await get('vault', 'lock')); // the forms of a new phone come while its PIN is chosen
  if (chosen && (locked() || emptySince())) return (await sending()).report(device); // what it brings may be private, and an empty phone stays empty
  const asked = catalogueWanted;
  catalogueWanted = false;
  const met = await refreshCatalogue(device, asked);
  if (met || locked()) return met;
  await (await sending()).noteContact();
  return (await sending()).report(device);
}

/** What sends: loaded when there is something to say. */
function sending() {
  return import('./sending.js');
}

/** Interviews, then what belongs to them; each room is only entered when there is something. Null, or what stopped it. */
async function sendWaiting(device) {
  for (;;) {
    const { waiting, media, sent } = await countQueue({ hidden: true });
    const stuck = waiting ? await (await sending()).upload(device) : null;
    if (stuck || waiting + media + sent === 0) return stuck;
    const left = (await countQueue({ hidden: true })).media ? await sendMedia(device) : null;
    if (left !== 'overtaken') return left ?? (await import('../outbox/items.js')).dropSent();
  }
}

async function sendMedia(device) {
  const { OVERTAKEN, uploadMedia } = await import('../media/uploading.js');
  const stuck = await uploadMedia(device);
  return stuck === OVERTAKEN ? 'overtaken' : stuck;
}

/** After a failure try again, later each time and never all phones at once; the server may ask for more patience. */
function schedule(met) {
  clearTimeout(timer);
  const wait = met ? Math.min(FIRST_WAIT * 2 ** failures, LONGEST_WAIT) * (0.75 + Math.random() / 2) : CATALOGUE_AGE;
  failures = met ? failures + 1 : 0;
  timer = setTimeout(() => round ?? begin(), Math.max(wait, met?.after ?? 0));
}

function alone(task) {
  if (!navigator.locks) return task();
  return navigator.locks.request('uploader', { ifAvailable: true }, (lock) => (lock ? task() : { reason: null }));
}

function setLine(changes) {
  Object.assign(line, changes);
  tellHere('line');
}
