/**
 * What the phone keeps for the fieldwork, all of it protected: what the office gave (`assignments`/office), and what happened
 * here (`field`/visit/…, done/…, links/…, check-in, watch). Entries older than two weeks are dropped.
 */
import { tell } from '../../bus.js';
import { commit, get, getAll, getKeys } from '../../store.js';
import { emptySince, protect, reveal } from '../../vault.js';

const OFFICE = 'office';
const KEPT = 14 * 86_400_000;
const NOTHING = { assignments: [], stop_work: [], policies: {}, referral: null };

/** The changes that keep what GET /api/v1/phone says about the fieldwork; null while the phone is locked. */
export async function keepOffice({ assignments, stop_work, policies, referral }) {
  if (!Array.isArray(assignments)) return [];
  try {
    const value = await protect({ assignments, stop_work, policies, referral }, `assignments:${OFFICE}`);
    return [{ store: 'assignments', key: OFFICE, value }];
  } catch {
    return null;
  }
}

/** What the office gave, with only what still holds: an old list shows no sites; stops and the card stay. */
export async function readOffice() {
  if (emptySince()) return NOTHING;
  const stored = await get('assignments', OFFICE);
  const office = stored ? await reveal(stored, `assignments:${OFFICE}`).catch(() => null) : null;
  if (!office) return NOTHING;
  const old = Date.parse(office.policies?.assignments_until ?? '') < Date.now();
  return { ...NOTHING, ...office, assignments: old ? [] : office.assignments, old };
}

/** Keep one thing that happened; it is on disk when this resolves. */
export async function note(key, value) {
  const stored = await protect({ ...value, noted: Date.now() }, `field:${key}`);
  await commit([{ store: 'field', key, value: stored }, ...(await outdated())]);
  tell('field');
}

/** Forget one thing. */
export async function forget(key) {
  await commit([{ store: 'field', key }]);
  tell('field');
}

/** One thing, or null. */
export async function recall(key) {
  const stored = emptySince() ? null : await get('field', key);
  return stored ? reveal(stored, `field:${key}`).catch(() => null) : null;
}

/** All things of a kind: [{ key, … }], the oldest first. */
export async function recallAll(kind) {
  if (emptySince()) return [];
  const [keys, values] = [await getKeys('field', `${kind}/`), await getAll('field', `${kind}/`)];
  const found = await Promise.all(values.map((stored, place) => reveal(stored, `field:${keys[place]}`)
    .then((value) => ({ key: keys[place], ...value })).catch(() => null)));
  return found.filter(Boolean).sort((a, b) => a.noted - b.noted);
}

async function outdated() {
  const changes = [];
  for (const kind of ['visit', 'done', 'links']) {
    for (const { key, noted } of await recallAll(kind)) if (Date.now() - noted > KEPT) changes.push({ store: 'field', key });
  }
  return changes;
}

/** The stop that holds at a site, or null. */
export function stopAt(office, code) {
  return office.stop_work.find(({ level, sites }) => level === 'programme' || sites.includes(code)) ?? null;
}
