/**
 * The second copy of what must not be lost, in files beside IndexedDB (writer.js), each with the SHA-256 of its content:
 *
 *   o-<id>        a finished interview: { item, body }, both as the outbox has them
 *   m-<id>-0, …   its files, as they are sent (rooms/media/second.js)
 *   d-<id>-0, -1  a draft as it is stored; written in turns, so that one of them is always whole
 *   phone-0, -1   who this phone is and its wrapped keys
 *
 * And the canary: in localStorage, which ids there should be. It says how many are missing should both copies be gone.
 * Nothing here throws for a browser that can't keep files: `false` and null say so.
 */
import { workerAddress } from '../../boot.js';
import { pack, unpack } from '../../vault.js';

const CANARY = 'encuesta';
const PATIENCE = 20_000;
const TURNS = 2;

let worker = null;
let count = 0;
const waiting = new Map();
const turns = new Map();

/** Write `value` under `name`; true when it is on the disk and was read back. */
export async function put(name, value) {
  const content = pack(value);
  const framed = new Uint8Array(32 + content.length);
  framed.set(new Uint8Array(await crypto.subtle.digest('SHA-256', content)));
  framed.set(content, 32);
  return (await ask('put', name, framed)) === true;
}

/** Write in turns: the copy before this one stays whole whatever happens meanwhile. */
export async function putInTurn(name, value) {
  const turn = turns.get(name) ?? Date.now() % TURNS;
  turns.set(name, (turn + 1) % TURNS);
  return put(`${name}-${turn}`, { ...value, copied_at: Date.now() });
}

/** What was written under `name`; null when there is nothing, or it isn't whole. */
export async function find(name) {
  const framed = await ask('get', name);
  if (!framed || framed.length < 36) return null;
  const content = framed.slice(32);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', content));
  return digest.every((byte, place) => byte === framed[place]) ? unpack(content) : null;
}

/** The newest of what was written in turns. */
export async function findNewest(name) {
  const found = [];
  for (let turn = 0; turn < TURNS; turn += 1) found.push(await find(`${name}-${turn}`));
  return found.filter(Boolean).sort((a, b) => b.copied_at - a.copied_at)[0] ?? null;
}

/** All names; null where the browser has no such files. */
export function names() {
  return ask('list');
}

export async function drop(...dropped) {
  if (dropped.length) await ask('drop', dropped);
}

/** The names of both turns of a draft. */
export function turnsOf(name) {
  return Array.from({ length: TURNS }, (_, turn) => `${name}-${turn}`);
}

/** Which ids there should be: { outbox: [id], drafts: [id], enrolled }; empty when nobody ever said. */
export function readCanary() {
  try {
    const { outbox = [], drafts = [], enrolled = false } = JSON.parse(localStorage.getItem(CANARY)) ?? {};
    return { outbox, drafts, enrolled };
  } catch {
    return { outbox: [], drafts: [], enrolled: false };
  }
}

export function writeCanary(canary) {
  try {
    localStorage.setItem(CANARY, JSON.stringify(canary));
  } catch {
    // full or forbidden: the two copies stand without it
  }
}

/** Ask the worker; null when there is none or it fails: the first copy is what counts. */
function ask(op, name, bytes) {
  if (!navigator.storage?.getDirectory) return Promise.resolve(null);
  worker ??= begin();
  count += 1;
  const n = count;
  return new Promise((resolve) => {
    const timer = setTimeout(() => answer({ n, error: 'TimeoutError' }), PATIENCE);
    waiting.set(n, (value) => { clearTimeout(timer); resolve(value); });
    worker.postMessage({ n, op, name, bytes }, bytes ? [bytes.buffer] : []);
  });
}

function begin() {
  const started = new Worker(workerAddress(new URL('./writer.js', import.meta.url)));
  started.onmessage = ({ data }) => answer(data);
  started.onerror = () => {
    worker = null;
    for (const n of [...waiting.keys()]) answer({ n, error: 'WorkerError' });
  };
  return started;
}

function answer({ n, value, error }) {
  const tell = waiting.get(n);
  waiting.delete(n);
  tell?.(error ? null : value);
}
