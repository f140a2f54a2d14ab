/**
 * Interviews being filled in. A draft keeps the form version that it was begun with:
 *
 *   { id, form, hash, version, title, wave, language, xml, place, label, done, total, created_at, saved_at }
 *
 * Callers hold the draft's lock while they write it (`holdDraft`), so that two tabs never write the same one.
 */
import { tell } from './bus.js';
import { commit, get, getAll } from './store.js';

/** A new draft of a form in the catalogue; nothing is stored until its first save. */
export function newDraft(entry, language) {
  const { id: form, hash, version, title, wave } = entry;
  const now = new Date().toISOString();
  return {
    id: `uuid:${crypto.randomUUID()}`, form, hash, version, title, wave: wave?.id ?? null, language,
    xml: null, place: null, label: '', done: 0, total: 0, created_at: now, saved_at: now,
  };
}

/** All drafts, the last one touched first. */
export async function listDrafts() {
  return (await getAll('drafts')).sort((a, b) => b.saved_at.localeCompare(a.saved_at));
}

export function findDraft(id) {
  return get('drafts', id);
}

/** Delete a draft for good; the view has asked first. */
export async function deleteDraft(id) {
  await commit([{ store: 'drafts', key: id }]);
  tell('drafts');
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

  /** Resolves once everything answered up to now is on disk; rejects with StoreFailed, and may be called again. */
  save() {
    this.#wanted += 1;
    this.#running ??= this.#write().finally(() => { this.#running = null; });
    return this.#running;
  }

  async #write() {
    while (this.#written < this.#wanted) {
      const wanted = this.#wanted;
      const value = { ...this.draft, ...this.snapshot(), saved_at: new Date().toISOString() };
      await commit([{ store: 'drafts', key: value.id, value }]);
      this.draft = value;
      this.#written = wanted;
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
