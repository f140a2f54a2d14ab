/**
 * What the phone keeps, in IndexedDB. Every write is one transaction with strict durability: when `commit` returns, the
 * bytes are on disk and a dead battery can't take them back. Callers name the store and never see the database; what can
 * carry an answer or a name has gone through vault.js before it comes here.
 *
 *   meta         key -> value               the device, the catalogue, last contact
 *   forms        hash -> form               compiled forms; kept while a draft or the catalogue needs them
 *   datasets     sha256 -> text             CSV files of the forms
 *   drafts       id -> draft                interviews being filled in
 *   outbox       id -> item                 finished interviews, without their bodies, so that lists stay quick; indexes `state`, `line`
 *   bodies       id -> bytes                what will be sent, and for some days what was
 *   carried      form id -> xml             answers that the next interview starts from
 *   media        draft/file… -> …           photos, sound, drawings, in protected pieces; once finished, sealed (rooms/media/)
 *   files        sha256 -> bytes            pictures and sounds that forms show
 *   assignments  id -> assignment           what the office gave this team to do
 *   field        kind/id -> value           contact log, check-ins, counters
 *   audit        draft id -> events         how long each question took
 *   vault        name -> wrapped key        the phone's key, never in clear
 */
import { listen, tell } from './bus.js';

export const NAME = 'encuesta';
export const MOVED = 'moved';
const VERSION = 2;
const STORES = [
  'meta', 'forms', 'datasets', 'drafts', 'outbox', 'bodies', 'carried', 'media', 'files', 'assignments', 'field', 'audit', 'vault',
];
const META = 'meta';
const TRIES = 3;

let opening = null;

/** What `meta` says, until any tab writes it: every view reads it, few moments change it. Nobody changes what they get. */
const remembered = new Map();
listen(META, () => remembered.clear());

/** One stored value, or undefined. */
export function get(store, key) {
  if (store !== META) return reading(store, (objects) => objects.get(key));
  if (!remembered.has(key)) {
    const asked = reading(store, (objects) => objects.get(key));
    remembered.set(key, asked);
    asked.catch(() => remembered.delete(key));
  }
  return remembered.get(key);
}

/** Every value of a store, in the order of its keys; with `prefix`, those whose keys start with it. */
export function getAll(store, prefix) {
  return reading(store, (objects) => objects.getAll(from(prefix)));
}

/** Every key of a store, in order; with `prefix`, those that start with it. */
export function getKeys(store, prefix) {
  return reading(store, (objects) => objects.getAllKeys(from(prefix)));
}

/** The values whose `index` is `value` (or lies in that range), at most `limit`: quick however long the store is. */
export function getBy(store, index, value, limit) {
  return reading(store, (objects) => objects.index(index).getAll(value, limit));
}

/** Only their keys. */
export function getKeysBy(store, index, value) {
  return reading(store, (objects) => objects.index(index).getAllKeys(value));
}

/** The same as getBy, from the end. */
export function getLastBy(store, index, value, limit) {
  return withDatabase((database) => new Promise((resolve, reject) => {
    const found = [];
    const request = database.transaction(store, 'readonly').objectStore(store).index(index).openCursor(value, 'prev');
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const cursor = request.result;
      if (cursor) found.push(cursor.value);
      if (cursor && found.length < limit) cursor.continue();
      else resolve(found);
    };
  }));
}

/** How many values have this `index`. */
export function countBy(store, index, value) {
  return reading(store, (objects) => objects.index(index).count(value));
}

/**
 * Write `changes` together or not at all: [{ store, key, value }] puts, [{ store, key }] deletes.
 * `only` ({ store, key, holds }) makes it conditional: unless `holds(stored)`, nothing is written and Superseded is thrown.
 * Returns when the disk has them; throws StoreFailed otherwise.
 */
export async function commit(changes, only = null) {
  const stores = [...new Set([...changes, ...(only ? [only] : [])].map((change) => change.store))];
  if (stores.includes(META)) remembered.clear();
  await withDatabase((database) => new Promise((resolve, reject) => {
    const transaction = database.transaction(stores, 'readwrite', { durability: 'strict' });
    let superseded = null;
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(superseded ?? transaction.error ?? new DOMException('aborted', 'AbortError'));
    if (!only) return write(transaction, changes);
    transaction.objectStore(only.store).get(only.key).onsuccess = ({ target }) => {
      if (only.holds(target.result)) return write(transaction, changes);
      superseded = new Superseded(only.key);
      return transaction.abort();
    };
    return undefined;
  }));
  if (stores.includes(META)) tell(META);
}

/** The phone couldn't read or write its own storage: say so, keep the page open, let the user try again. */
export class StoreFailed extends Error {
  constructor(cause) {
    super(`${cause?.name ?? 'Error'}: ${cause?.message ?? cause}`, { cause });
    this.name = 'StoreFailed';
    this.full = cause?.name === 'QuotaExceededError';
  }
}

/** Somebody else (another tab) wrote it meanwhile; nothing was written. */
export class Superseded extends Error {
  constructor(key) {
    super(key);
    this.name = 'Superseded';
  }
}

function write(transaction, changes) {
  for (const { store, key, value } of changes) {
    const objects = transaction.objectStore(store);
    if (value === undefined) objects.delete(key);
    else objects.put(value, key);
  }
}

function from(prefix) {
  return prefix === undefined ? undefined : IDBKeyRange.bound(prefix, `${prefix}\uffff`);
}

function reading(store, ask) {
  return withDatabase((database) => new Promise((resolve, reject) => {
    const request = ask(database.transaction(store, 'readonly').objectStore(store));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  }));
}

/** Run `work`; the system may have closed the database meanwhile (low memory, iOS), so open it again, three times. */
async function withDatabase(work) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work(await open());
    } catch (error) {
      if (error instanceof Superseded) throw error;
      const gone = ['InvalidStateError', 'UnknownError', 'AbortError'].includes(error?.name);
      if (!gone || attempt === TRIES) throw new StoreFailed(error);
      opening = null;
    }
  }
}

/** Where the database lies: with the origin, or in the bucket that a repair moved it to (rooms/keeping/repair.js). */
async function place() {
  const bucket = localStorage.getItem(MOVED);
  return bucket ? (await navigator.storageBuckets.open(bucket)).indexedDB : indexedDB;
}

function open() {
  opening ??= place().then((databases) => new Promise((resolve, reject) => {
    const request = databases.open(NAME, VERSION);
    request.onupgradeneeded = () => upgrade(request.result, request.transaction);
    request.onblocked = () => reject(new DOMException('another tab holds an older version', 'BlockedError'));
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const database = request.result;
      database.onclose = () => { opening = null; };
      database.onversionchange = () => { database.close(); opening = null; };
      resolve(database);
    };
  }));
  opening.catch(() => { opening = null; });
  return opening;
}

/** From any version before: what is stored stays, what is missing is made. */
function upgrade(database, transaction) {
  for (const store of STORES) {
    if (!database.objectStoreNames.contains(store)) database.createObjectStore(store);
  }
  const outbox = transaction.objectStore('outbox');
  if (!outbox.indexNames.contains('state')) outbox.createIndex('state', 'state');
  if (!outbox.indexNames.contains('line')) outbox.createIndex('line', ['state', 'finished_at']);
}
