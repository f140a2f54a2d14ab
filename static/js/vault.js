/**
 * What may not lie on the phone in clear: every value that can carry an answer or a name goes through here on its way to
 * the store, encrypted with the phone's own key (AES-256-GCM, a new IV each time). That key is in memory only, can't be
 * taken out of it, and is gone when the phone locks or the page closes. How it comes into memory is rooms/lock/pass.js.
 *
 *   protect(value, about) -> { iv, bytes }     value: anything JSON can say, with Uint8Arrays in it
 *   reveal(stored, about) -> value             throws Locked, or Unrevealed when `about` or a byte isn't what it was
 *
 * `about` is what the value belongs to ("draft:uuid:…:body"): a stored value put in another's place is not revealed.
 */
import { tellHere } from './bus.js';

let key = null;
let quiet = null;
let hooks = new Set();
let locking = null;

/** Is the key out of memory? Then nothing protected can be read or written. */
export function locked() {
  return key === null;
}

/** The phone is locked: ask again after it was unlocked. */
export class Locked extends Error {
  name = 'Locked';
}

/** A stored value is damaged, isn't ours, or was moved from another place. */
export class Unrevealed extends Error {
  name = 'Unrevealed';
}

export async function protect(value, about) {
  if (!key) throw new Locked();
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const bytes = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: encode(about) }, key, pack(value));
  return { iv, bytes: new Uint8Array(bytes) };
}

export async function reveal(stored, about) {
  if (stored === undefined || stored === null) return stored;
  if (!key) throw new Locked();
  let plain;
  try {
    plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: stored.iv, additionalData: encode(about) }, key, stored.bytes);
  } catch (error) {
    throw new Unrevealed(about, { cause: error });
  }
  return unpack(new Uint8Array(plain));
}

/**
 * The phone was unlocked: from now on with this key. `since`: what was finished before it is shown to nobody.
 * The views hear of it from `tellHere('lock')`, when the caller has written all that it has to.
 */
export function open(opened, since = null) {
  key = opened;
  quiet = since;
}

/** Does this phone show itself as empty? Then only what is finished after that moment (ISO) is shown; null otherwise. */
export function emptySince() {
  return quiet;
}

/** What has to be written before the key goes, for as long as `signal` isn't aborted. */
export function beforeLock(task, signal) {
  hooks.add(task);
  signal?.addEventListener('abort', () => hooks.delete(task));
}

/** Write what is unwritten, then forget the key. The views listen to 'lock' and leave the screen. */
export function lock() {
  if (!key) return Promise.resolve();
  locking ??= Promise.race([
    Promise.allSettled([...hooks].map((task) => task())),
    new Promise((resolve) => { setTimeout(resolve, 3_000); }),
  ]).then(() => {
    hooks = new Set();
    key = null;
    quiet = null;
    locking = null;
    tellHere('lock');
  });
  return locking;
}

/** JSON with the places of byte arrays, its length before it, the bytes behind it. */
export function pack(value) {
  const parts = [];
  let offset = 0;
  const json = encode(JSON.stringify(value, (_, inner) => {
    const bytes = inner instanceof ArrayBuffer ? new Uint8Array(inner) : inner;
    if (!(bytes instanceof Uint8Array)) return inner;
    parts.push([offset, bytes]);
    offset += bytes.length;
    return { '\0': [offset - bytes.length, bytes.length] };
  }) ?? 'null');
  const packed = new Uint8Array(4 + json.length + offset);
  new DataView(packed.buffer).setUint32(0, json.length);
  packed.set(json, 4);
  for (const [place, bytes] of parts) packed.set(bytes, 4 + json.length + place);
  return packed;
}

export function unpack(packed) {
  const length = new DataView(packed.buffer).getUint32(0);
  const rest = packed.subarray(4 + length);
  return JSON.parse(new TextDecoder().decode(packed.subarray(4, 4 + length)), (_, inner) => {
    const place = inner?.['\0'];
    return place ? rest.slice(place[0], place[0] + place[1]) : inner;
  });
}

function encode(text) {
  return new TextEncoder().encode(text);
}
