/**
 * The files of a draft, in the store `media`, each piece encrypted with the phone's key:
 *
 *   draft/name          { name, size, pieces, at, facts }   facts, protected: { type, digests: [SHA-256 of each piece] }
 *   draft/name/00000    { iv, bytes }                       at most 1 MB
 *
 * A file is there once its first line is; that is written last. `keepFile` returns only when every piece was read back from
 * the disk and is what was written: then, and not before, may the user be told that it is saved.
 */
import { digestOf } from '../../api.js';
import { commit, get, getKeys } from '../../store.js';
import { protect, reveal } from '../../vault.js';

const PIECE = 1024 * 1024;
let latest = 0;

/** A name as ODK Collect makes them: the moment in milliseconds, never the same twice on this phone. */
export function newName(extension) {
  latest = Math.max(Date.now(), latest + 1);
  return `${latest}.${extension}`;
}

/** Store `blob` as a file of a draft; resolves when the disk gave the same bytes back. Rejects with StoreFailed or Locked. */
export async function keepFile(draft, name, blob) {
  const file = new Growing(draft, name, blob.type);
  for (let at = 0; at < blob.size; at += PIECE) await file.write(await blob.slice(at, at + PIECE).arrayBuffer());
  await file.close();
}

/** A file that grows while it is recorded: what was written is there, whenever the phone dies. */
export class Growing {
  #key;
  #digests = [];
  #size = 0;
  #at = new Date().toISOString();

  constructor(draft, name, type) {
    this.#key = `${draft}/${name}`;
    this.name = name;
    this.type = plainType(type);
  }

  get size() {
    return this.#size;
  }

  /** Add bytes, and with `seen` make the file show already with what it has. */
  async write(buffer, { seen = false } = {}) {
    const bytes = new Uint8Array(buffer);
    const key = pieceKey(this.#key, this.#digests.length);
    this.#digests.push(await digestOf(bytes));
    this.#size += bytes.length;
    await commit([
      { store: 'media', key, value: await protect({ bytes }, `media:${key}`) },
      ...(seen ? [await this.#line()] : []),
    ]);
  }

  /** Change the first piece: `change(bytes)` gives what it is to be. Any piece may have any length. */
  async amend(change) {
    if (this.#digests.length === 0) return;
    const key = pieceKey(this.#key, 0);
    const before = await readPiece(this.#key, 0);
    const bytes = change(before);
    this.#digests[0] = await digestOf(bytes);
    this.#size += bytes.length - before.length;
    await commit([{ store: 'media', key, value: await protect({ bytes }, `media:${key}`) }, await this.#line()]);
  }

  /** The file is whole: read it back, then let it show. */
  async close() {
    for (let place = 0; place < this.#digests.length; place += 1) {
      if ((await digestOf(await readPiece(this.#key, place))) !== this.#digests[place]) throw new Damaged(this.#key);
    }
    await commit([await this.#line()]);
    await readLine(this.#key);
  }

  async #line() {
    const facts = await protect({ type: this.type, digests: this.#digests }, `media:${this.#key}`);
    const value = { name: this.name, size: this.#size, pieces: this.#digests.length, at: this.#at, facts };
    return { store: 'media', key: this.#key, value };
  }
}

/** What the disk gave back isn't what was written. */
export class Damaged extends Error {
  name = 'Damaged';
}

/** A file of a draft as a Blob, checked piece by piece; null when it isn't there. Rejects with Damaged or Locked. */
export async function readFile(draft, name) {
  const key = `${draft}/${name}`;
  const line = await readLine(key);
  if (!line) return null;
  const parts = [];
  for (const [place, digest] of line.digests.entries()) {
    const bytes = await readPiece(key, place);
    if ((await digestOf(bytes)) !== digest) throw new Damaged(key);
    parts.push(bytes);
  }
  return new Blob(parts, { type: line.type });
}

/** The names of a draft's files. */
export async function listFiles(draft) {
  const names = (await getKeys('media', `${draft}/`)).map((key) => key.slice(draft.length + 1));
  return names.filter((name) => !name.includes('/'));
}

/** Delete files of a draft. */
export async function dropFiles(draft, names) {
  if (names.length) await commit(names.flatMap((name) => dropping(draft, name)));
}

/**
 * Delete what no draft and no finished interview knows: files of an interview that the phone died in before its first save.
 * A draft that a tab holds is left alone, saved or not.
 */
export async function sweep() {
  if (!navigator.locks?.query) return;
  const { held } = await navigator.locks.query();
  const known = new Set([...await getKeys('drafts'), ...await getKeys('outbox'), ...held.map(({ name }) => name.replace(/^draft:/, ''))]);
  const owners = new Set((await getKeys('media')).map((key) => key.slice(0, key.indexOf('/'))));
  const lost = [...owners].filter((owner) => !known.has(owner.replace(/!$/, '')));
  if (lost.length) await commit(lost.map((owner) => ({ store: 'media', key: IDBKeyRange.bound(`${owner}/`, `${owner}/\uffff`) })));
}

/** The changes that delete a file of a draft. */
export function dropping(draft, name) {
  const key = `${draft}/${name}`;
  return [{ store: 'media', key }, { store: 'media', key: IDBKeyRange.bound(`${key}/`, `${key}/\uffff`) }];
}

async function readLine(key) {
  const line = await get('media', key);
  return line ? { ...line, ...(await reveal(line.facts, `media:${key}`)) } : null;
}

async function readPiece(key, place) {
  const stored = await get('media', pieceKey(key, place));
  if (!stored) throw new Damaged(key);
  return (await reveal(stored, `media:${pieceKey(key, place)}`)).bytes;
}

function pieceKey(key, place) {
  return `${key}/${String(place).padStart(5, '0')}`;
}

/** "audio/webm;codecs=opus" -> "audio/webm" */
function plainType(type) {
  const plain = (type ?? '').split(';')[0].trim().toLowerCase();
  return /^[a-z0-9.+-]{1,60}\/[a-z0-9.+-]{1,80}$/.test(plain) ? plain : 'application/octet-stream';
}
