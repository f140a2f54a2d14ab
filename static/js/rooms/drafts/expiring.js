/**
 * Unfinished interviews don't stay for ever: after the programme's days (seven at most) they are deleted, so that a phone in
 * the wrong hands has little to give. Nobody loses one without a word: the first screen warns two days before, nothing goes
 * until a day after the first warning, and what went is said, and told to the office as a number. On a phone that has stayed
 * locked for twice the days nobody can be warned any more. While the clock is known to be wrong nothing is deleted.
 */
import { deleteDraft } from '../../drafts.js';
import { commit, get, getAll } from '../../store.js';
import { locked } from '../../vault.js';
import { wrongClock } from '../state/facts.js';

const DAY = 86_400_000;
const MOST = 7;
const WARNING = 2 * DAY;
const NOTICE = DAY;

/** When a draft is due, by the programme's `policies`. */
export function dueAt({ created_at: begun }, policies) {
  return Date.parse(begun) + daysOf(policies) * DAY;
}

/**
 * Delete what is due and was warned of. Returns { soon: [{ id, at }], expired: { n, seen } | null }: what the first screen
 * has to say.
 */
export async function expireDrafts(now = Date.now()) {
  const [drafts, catalogue, clock, warned = {}] = await Promise.all([getAll('drafts'), get('meta', 'catalogue'), get('meta', 'clock'), get('meta', 'warned')]);
  const days = daysOf(catalogue?.policies);
  const soon = [];
  const over = [];
  const held = await heldDrafts();
  for (const draft of wrongClock(now, clock) === null ? drafts : []) {
    const due = dueAt(draft, catalogue?.policies);
    const told = warned[draft.id];
    const at = Math.max(due, (told ?? now) + NOTICE);
    const left = now > Date.parse(draft.created_at) + 2 * days * DAY;
    if (held.has(draft.id) || now < due - WARNING) continue;
    if (told && now >= at) over.push(draft.id);
    else soon.push({ id: draft.id, at, known: left || !locked() });
  }
  for (const id of over) await deleteDraft(id);
  const expired = await note(over.length, days, now);
  await remember(soon.filter(({ known }) => known), warned, now);
  return { soon, expired: expired && !expired.seen ? expired : null };
}

/** The person has read that some were deleted. */
export async function seen() {
  const expired = await get('meta', 'expired');
  await commit([{ store: 'meta', key: 'expired', value: { ...expired, n: 0, seen: true } }]);
}

async function note(n, days, now) {
  const before = await get('meta', 'expired');
  if (n === 0) return before;
  const value = { n: n + (before?.n ?? 0), total: n + (before?.total ?? 0), days, at: new Date(now).toISOString(), seen: false };
  await commit([{ store: 'meta', key: 'expired', value }]);
  return value;
}

/** When each was first warned of; of those that are gone nothing is kept, and a lock in between forgets no warning. */
async function remember(soon, warned, now) {
  if (locked() && soon.length === 0) return;
  const value = Object.fromEntries(soon.map(({ id }) => [id, warned[id] ?? now]));
  if (JSON.stringify(value) !== JSON.stringify(warned)) await commit([{ store: 'meta', key: 'warned', value }]);
}

/** Drafts that some tab is writing. */
async function heldDrafts() {
  const { held = [] } = (await navigator.locks?.query?.()) ?? {};
  return new Set(held.map(({ name }) => name.replace(/^draft:/, '')));
}

function daysOf(policies) {
  const days = policies?.draft_days;
  return Number.isFinite(days) && days >= 1 && days <= MOST ? days : MOST;
}
