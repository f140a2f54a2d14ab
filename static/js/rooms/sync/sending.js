/**
 * Sends what waits, oldest first, in batches that the line carries in some seconds, and tells the office how this phone is.
 * When that happens is decided by rounds.js.
 */
import { call } from '../../api.js';
import { isKept, lookForUpdate } from '../../install.js';
import { countQueue } from '../../outbox.js';
import { commit, get, getKeys } from '../../store.js';
import { line } from '../../sync.js';
import { emptySince } from '../../vault.js';
import { listOldest, settle, toSubmission } from '../outbox/items.js';

const BATCH_ITEMS = 20;
const SMALLEST_BATCH = 16 * 1024;
const LARGEST_BATCH = 256 * 1024;
const BATCH_SECONDS = 10;

let budget = LARGEST_BATCH / 4;
let told = null;

/** Send batches until nothing waits; returns what stopped it, or null. */
export async function upload(device) {
  const tried = new Set();
  for (;;) {
    const { waiting: count } = await countQueue({ hidden: true });
    const waiting = await listOldest('waiting', tried.size + 2 * BATCH_ITEMS, { hidden: true });
    const batch = nextBatch(waiting.filter((item) => !tried.has(item.id)), budget);
    if (batch.length === 0) return waiting.length ? { reason: waiting[0].reason?.kind ?? 'server' } : null;
    batch.forEach((item) => tried.add(item.id));
    const stuck = await sendBatch(device, batch, count);
    if (stuck) return stuck;
  }
}

/** The oldest that fit `most` bytes; always at least one. */
export function nextBatch(waiting, most = LARGEST_BATCH) {
  const batch = [];
  let bytes = 0;
  for (const item of waiting) {
    if (batch.length === BATCH_ITEMS || (batch.length && bytes + item.size > most)) break;
    batch.push(item);
    bytes += item.size;
  }
  return batch;
}

/** How large the next batch may be, after one of `bytes` took `seconds`; a line that stalled gets half. */
export function nextBudget(before, bytes, seconds) {
  if (seconds === null) return Math.max(SMALLEST_BATCH, before / 2);
  const carried = bytes / Math.max(seconds, 0.05) * BATCH_SECONDS;
  return Math.min(LARGEST_BATCH, Math.max(SMALLEST_BATCH, Math.min(carried, before * 2)));
}

async function sendBatch(device, batch, queue) {
  const whole = await Promise.all(batch.map(async (item) => [item, await toSubmission(item)]));
  const damaged = whole.filter(([, submission]) => !submission);
  if (damaged.length) await settle(damaged.map(([item]) => [item, { state: 'refused', reason: { kind: 'lost' } }]));
  const sound = whole.filter(([, submission]) => submission);
  return sound.length ? sendSound(device, sound, queue - damaged.length) : null;
}

async function sendSound(device, sound, queue) {
  const batch = sound.map(([item]) => item);
  const about = await aboutPhone(queue - batch.length);
  const from = performance.now();
  const answer = await call('/api/v1/sync', {
    token: device.token, body: { protocol: 1, device: about, submissions: sound.map(([, submission]) => submission) },
  });
  if (answer.kind === 'ok') {
    budget = nextBudget(budget, answer.bytes, (performance.now() - from) / 1000);
    await settle(batch.map((item, index) => [item, judge(item, answer.data.receipts?.[index])]));
    await noteContact(answer.data.server_time, about.emergency);
    return null;
  }
  if (answer.kind === 'problem' && batch.length > 1) return sendOneByOne(device, batch, queue);
  if (answer.kind === 'problem') {
    await settle([[batch[0], refusal(answer.status, answer.problem)]]);
    return null;
  }
  if (answer.reason === 'old-app') lookForUpdate();
  if (answer.reason === 'slow') budget = nextBudget(budget, 0, null);
  await settle(batch.map((item) => [item, { state: 'waiting', reason: { kind: answer.reason } }]));
  return answer;
}

/** What the office wants to know about the phone, so that it sees expected against received. */
async function aboutPhone(queue) {
  const { usage = null, quota = null } = (await navigator.storage?.estimate?.().catch(() => null)) ?? {};
  const [losses, expired, drafts, items, kept, { refused, media }] = await Promise.all([
    get('meta', 'losses'), get('meta', 'expired'), getKeys('drafts'), getKeys('outbox'), isKept(), countQueue({ hidden: true }),
  ]);
  const storage = { kept, usage, quota, drafts: drafts.length, finished: items.length, refused, media, lost: losses?.total ?? 0, expired: expired?.total ?? 0 };
  const emergency = emptySince() ? await (await import('../lock/pass.js')).emergency() : undefined;
  return { app_version: document.documentElement.dataset.version, queue: queue + refused, clock: new Date().toISOString(), storage, emergency };
}

/** Nothing to send: tell the office all the same, when what it should know has changed since it was last told. */
export async function report(device) {
  const about = await aboutPhone(0);
  const { usage, quota, ...facts } = about.storage;
  const news = JSON.stringify([about.app_version, about.queue, facts, about.emergency]);
  if (news === told) return null;
  const answer = await call('/api/v1/sync', { token: device.token, body: { protocol: 1, device: about, submissions: [] } });
  if (answer.kind !== 'ok') return answer.kind === 'waiting' ? answer : null;
  told = news;
  await noteContact(answer.data.server_time, about.emergency);
  return null;
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
  const final = status >= 400 && status < 500 && ![401, 403, 408, 426, 429].includes(status);
  return final && problem ? refusal(status, problem) : { state: 'waiting', reason: { kind: 'server' } };
}

function refusal(status, problem) {
  return { state: 'refused', reason: { kind: 'refused', status, title: problem.title ?? '', detail: problem.detail ?? '' } };
}

/** The server answered; `time` is its clock, by which this phone's is judged. */
export async function noteContact(time, emergency = null) {
  if (emergency && emptySince()) await (await import('../lock/pass.js')).officeWasTold();
  line.contact = new Date().toISOString();
  const offset = Date.parse(time) - Date.now();
  const clock = Number.isFinite(offset) ? [{ store: 'meta', key: 'clock', value: { offset, server: time } }] : [];
  await commit([{ store: 'meta', key: 'contact', value: line.contact }, ...clock]);
}
