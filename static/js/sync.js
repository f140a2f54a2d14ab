/**
 * Sends what waits, by itself: when the app opens, comes into view, the line returns, an interview is finished, and on a
 * timer that backs off. `navigator.onLine` is never asked; only an answer proves a line. One tab at a time (Web Lock).
 */
import { call } from './api.js';
import { listen, tellHere } from './bus.js';
import { refreshCatalogue } from './catalogue.js';
import { isKept } from './install.js';
import { listItems, settle, toSubmission } from './outbox.js';
import { commit, get } from './store.js';

const FIRST_WAIT = 3_000;
const LONGEST_WAIT = 300_000;
const BATCH_ITEMS = 20;
const BATCH_BYTES = 256 * 1024;
const CATALOGUE_AGE = 15 * 60_000;

/** What the screens show: is a round running, what did the last one meet (null is fine), when did the server last answer. */
export const line = { busy: false, reason: null, contact: null };

let failures = 0;
let timer = null;
let round = null;
let again = false;
let catalogueWanted = false;

/** Begin; call once, when the app has started. */
export async function startSync() {
  line.contact = (await get('meta', 'contact')) ?? null;
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'visible') syncNow(); });
  addEventListener('online', () => syncNow());
  syncNow();
}

/** Try now, and forget earlier failures; a round that is running is followed by another. */
export function syncNow({ catalogue = false } = {}) {
  failures = 0;
  catalogueWanted ||= catalogue;
  again = round !== null;
  return round ?? begin();
}

function begin() {
  clearTimeout(timer);
  round = work().finally(() => {
    round = null;
    if (again) syncNow();
  });
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
  const stuck = await upload(device);
  if (stuck) return stuck;
  const age = Date.now() - ((await get('meta', 'catalogue'))?.asked_at ?? 0);
  if (!catalogueWanted && age >= 0 && age < CATALOGUE_AGE) return null;
  catalogueWanted = false;
  const met = await refreshCatalogue(device);
  if (!met) await noteContact();
  return met;
}

/** Send batches until nothing waits; returns what stopped it, or null. */
async function upload(device) {
  const tried = new Set();
  for (;;) {
    const waiting = (await listItems()).filter((item) => item.state === 'waiting');
    const batch = nextBatch(waiting.filter((item) => !tried.has(item.id)));
    if (batch.length === 0) return waiting.length ? { reason: waiting[0].reason?.kind ?? 'server' } : null;
    batch.forEach((item) => tried.add(item.id));
    const stuck = await sendBatch(device, batch, waiting.length);
    if (stuck) return stuck;
  }
}

/** The oldest that fit one request; always at least one. */
export function nextBatch(waiting) {
  const batch = [];
  let bytes = 0;
  for (const item of waiting) {
    if (batch.length === BATCH_ITEMS || (batch.length && bytes + item.size > BATCH_BYTES)) break;
    batch.push(item);
    bytes += item.size;
  }
  return batch;
}

async function sendBatch(device, batch, queue) {
  const submissions = await Promise.all(batch.map(toSubmission));
  const about = await aboutPhone(queue);
  const answer = await call('/api/v1/sync', { token: device.token, body: { protocol: 1, device: about, submissions } });
  if (answer.kind === 'ok') {
    await settle(batch.map((item, index) => [item, judge(item, answer.data.receipts?.[index])]));
    await noteContact();
    return null;
  }
  if (answer.kind === 'problem' && batch.length > 1) return sendOneByOne(device, batch, queue);
  if (answer.kind === 'problem') {
    await settle([[batch[0], refusal(answer.status, answer.problem)]]);
    return null;
  }
  await settle(batch.map((item) => [item, { state: 'waiting', reason: { kind: answer.reason } }]));
  return answer;
}

/** What the office wants to know about the phone, so that it sees expected against received. */
async function aboutPhone(queue) {
  const { usage = null } = (await navigator.storage?.estimate?.().catch(() => null)) ?? {};
  const app_version = document.documentElement.dataset.version;
  return { app_version, queue, clock: new Date().toISOString(), storage: { kept: await isKept(), usage } };
}

/** One item of the batch may have spoilt it for the others: find out which. */
async function sendOneByOne(device, batch, queue) {
  for (const item of batch) {
    const stuck = await sendBatch(device, [item], queue);
    if (stuck) return stuck;
  }
  return null;
}

/** What a receipt means for an item: sent only when the server has the very bytes that we sent. */
export function judge(item, receipt) {
  if (receipt?.id !== item.id) return { state: 'waiting', reason: { kind: 'nonsense' } };
  const { status, problem } = receipt;
  if (status === 200 || status === 201) {
    if (receipt.sha256 !== item.sha256) return { state: 'waiting', reason: { kind: 'digest' } };
    return { state: 'sent', receipt: { number: receipt.receipt, issues: receipt.issues ?? 0 } };
  }
  const final = status >= 400 && status < 500 && ![401, 403, 408, 429].includes(status);
  return final && problem ? refusal(status, problem) : { state: 'waiting', reason: { kind: 'server' } };
}

function refusal(status, problem) {
  return { state: 'refused', reason: { kind: 'refused', status, title: problem.title ?? '', detail: problem.detail ?? '' } };
}

async function noteContact() {
  line.contact = new Date().toISOString();
  await commit([{ store: 'meta', key: 'contact', value: line.contact }]);
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
