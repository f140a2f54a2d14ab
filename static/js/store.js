/**
 * What the phone keeps, in IndexedDB. Every write is one transaction with strict durability: when `commit` returns, the
 * bytes are on disk and a dead battery can't take them back. Callers name the store and never see the database.
 *
 *   meta      key -> value          the device, the catalogue, last contact
 *   forms     hash -> form          compiled forms; kept while a draft or the catalogue needs them
 *   datasets  sha256 -> text        CSV files of the forms
 *   drafts    id -> draft           interviews being filled in
 *   outbox    id -> item            finished interviews, without their bodies, so that lists stay quick
 *   bodies    id -> bytes           what will be sent; gone once the receipt is here
 *   carried   form id -> xml        answers that the next interview starts from
 */
const NAME = 'encuesta';
const VERSION = 1;
const STORES = ['meta', 'forms', 'datasets', 'drafts', 'outbox', 'bodies', 'carried'];

let opening = null;

/** One stored value, or undefined. */
export function get(store, key) {
  return reading(store, (objects) => objects.get(key));
}

/** Every value of a store, in the order of its keys. */
export function getAll(store) {
  return reading(store, (objects) => objects.getAll());
}

/** Every key of a store. */
export function getKeys(store) {
  return reading(store, (objects) => objects.getAllKeys());
}

/**
 * Write `changes` together or not at all: [{ store, key, value }] puts, [{ store, key }] deletes.
 * Returns when the disk has them; throws StoreFailed otherwise.
 */
export async function commit(changes) {
  const stores = [...new Set(changes.map((change) => change.store))];
  await withDatabase((database) => new Promise((resolve, reject) => {
    const transaction = database.transaction(stores, 'readwrite', { durability: 'strict' });
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('aborted'));
    for (const { store, key, value } of changes) {
      const objects = transaction.objectStore(store);
      if (value === undefined) objects.delete(key);
      else objects.put(value, key);
    }
  }));
}

/** The phone couldn't read or write its own storage: say so, keep the page open, let the user try again. */
export class StoreFailed extends Error {
  constructor(cause) {
    super(`${cause?.name ?? 'Error'}: ${cause?.message ?? cause}`, { cause });
    this.name = 'StoreFailed';
    this.full = cause?.name === 'QuotaExceededError';
  }
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
      const gone = ['InvalidStateError', 'UnknownError', 'AbortError'].includes(error?.name);
      if (!gone || attempt === 3) throw new StoreFailed(error);
      opening = null;
    }
  }
}

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const store of STORES) {
        if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store);
      }
    };
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const database = request.result;
      database.onclose = () => { opening = null; };
      database.onversionchange = () => { database.close(); opening = null; };
      resolve(database);
    };
  });
  opening.catch(() => { opening = null; });
  return opening;
}
