/**
 * Interviews being filled in. A draft keeps the form version that it was begun with. In clear are only
 *
 *   { id, form, hash, version, title, wave, language, created_at, saved_at, size, done, total, revision, writer }
 *
 * and protected by vault.js are `shown` ({ label, site }: what a list says) and `body` ({ xml, place }).
 * Callers hold the draft's lock while they write it (`holdDraft`); should two tabs write all the same, the one that was
 * overtaken is told (Superseded) and writes nothing.
 */
import { tell } from './bus.js';
import { forgetDraft, keepDraft } from './keeping.js';
import { commit, get, getAll } from './store.js';
import { emptySince, protect, reveal } from './vault.js';

const ME = crypto.randomUUID();

/** A new draft of a form in the catalogue; nothing is stored until its first save. */
export function newDraft(entry, language) {
  const { id: form, hash, version, title, wave } = entry;
  const now = new Date().toISOString();
  return {
    id: `uuid:${crypto.randomUUID()}`, form, hash, version, title, wave: wave?.id ?? null, language,
    xml: null, place: null, label: '', site: '', done: 0, total: 0, size: 0, revision: 0, created_at: now, saved_at: now,
  };
}

/** All drafts with their labels, the last one touched first; while the phone is locked, without. */
export async function listDrafts() {
  const since = emptySince();
  const stored = (await getAll('drafts')).filter(({ created_at }) => !since || created_at >= since);
  const drafts = await Promise.all(stored.map(async ({ body, shown, ...clear }) => ({ ...clear, ...(await labelsOf(clear, shown)) })));
  return drafts.sort((a, b) => b.saved_at.localeCompare(a.saved_at));
}

async function labelsOf({ id, label = '' }, shown) {
  if (!shown) return { label, site: '' };
  return reveal(shown, `draft:${id}:shown`).catch(() => ({ label: '', site: '' }));
}

/** A draft whole, its answers too. Rejects while the phone is locked. */
export async function findDraft(id) {
  const stored = await get('drafts', id);
  if (!stored) return undefined;
  const { body, shown, ...clear } = stored;
  if (!body) return { label: '', site: '', ...clear }; // from before drafts were protected
  return { ...clear, ...(await reveal(shown, `draft:${id}:shown`)), ...(await reveal(body, `draft:${id}:body`)) };
}

/** A draft as it is stored. */
export async function protectDraft(draft) {
  const { xml, place, label, site, ...clear } = draft;
  const [shown, body] = await Promise.all([
    protect({ label, site }, `draft:${draft.id}:shown`),
    protect({ xml, place }, `draft:${draft.id}:body`),
  ]);
  return { ...clear, size: xml.length, shown, body };
}

/** Delete a draft for good, with its pictures and timings; the view has asked first. */
export async function deleteDraft(id) {
  await forgetDraft(id);
  await commit([{ store: 'drafts', key: id }, ...belongings(id)]);
  tell('drafts');
}

/** The deletion of all that belongs to a draft besides its answers; with `packed`, of its files made ready to send too. */
export function belongings(id, { packed = true } = {}) {
  const files = packed ? [`${id}/`, `${id}!/`] : [`${id}/`];
  return [...files.map((prefix) => ({ store: 'media', key: IDBKeyRange.bound(prefix, `${prefix}\uffff`) })), { store: 'audit', key: id }];
}

/** Make this tab the one that writes the draft: what another tab still tries to write is refused from now on. */
export async function claimDraft(id) {
  const value = await get('drafts', id);
  if (!value) return;
  await commit([{ store: 'drafts', key: id, value: { ...value, writer: ME, revision: (value.revision ?? 0) + 1 } }], isStill(value));
}

/** The condition that a stored draft is the one we know, or was last written by this tab. */
export function isStill({ id, revision }) {
  return { store: 'drafts', key: id, holds: (stored) => stored?.writer === ME || (stored?.revision ?? 0) === (revision ?? 0) };
}

/** Writes a draft as it changes: one write at a time, and what changes meanwhile goes into the next one. */
export class Keeper {
  #wanted = 0;
  #written = 0;
  #running = null;

  /** `snapshot()` gives the fields as they are now. */
  constructor(draft, snapshot) {
    this.draft = draft;
    this.snapshot = snapshot;
  }

  /** Resolves once everything answered up to now is on disk; rejects with StoreFailed or Superseded. */
  save() {
    this.#wanted += 1;
    this.#running ??= this.#write().finally(() => { this.#running = null; });
    return this.#running;
  }

  async #write() {
    while (this.#written < this.#wanted) {
      const wanted = this.#wanted;
      const before = this.draft;
      const draft = {
        ...before, ...this.snapshot(), writer: ME, revision: (before.revision ?? 0) + 1, saved_at: new Date().toISOString(),
      };
      const value = await protectDraft(draft);
      await commit([{ store: 'drafts', key: draft.id, value }], isStill(before));
      this.draft = { ...draft, size: value.size };
      this.#written = wanted;
      keepDraft(value);
      if (!before.revision) tell('drafts');
    }
    return this.draft;
  }
}

/**
 * Hold a draft for this tab. Resolves to a function that lets go, or to null when another tab has it.
 * With `takeOver` the other tab loses it and its `lost` is called.
 */
export function holdDraft(id, { takeOver = false, lost = () => {} } = {}) {
  if (!navigator.locks) return Promise.resolve(() => {});
  return new Promise((resolve) => {
    let letGo;
    const held = new Promise((release) => { letGo = release; });
    const options = takeOver ? { steal: true } : { ifAvailable: true };
    navigator.locks
      .request(`draft:${id}`, options, (lock) => {
        resolve(lock ? letGo : null);
        return lock ? held : undefined;
      })
      .catch(lost);
  });
}
