/**
 * Photos, sound and files on their way to the server, after the interviews: one at a time, in pieces of 64 KB. The server
 * says where to go on, so a stall, a restart or a captive portal costs one piece at most. A file is sent only when the
 * server has all of it and its digest is ours. An interview that is finished meanwhile goes before the next piece.
 */
import { call, readAnswer } from '../../api.js';
import { tellHere } from '../../bus.js';
import { countQueue } from '../../outbox.js';
import { listMediaItems, settleMedia } from '../outbox/items.js';
import { line } from '../../sync.js';
import { readPackedPart } from './packing.js';
import { isWhole, restoreFile } from './second.js';

const PIECE = 64 * 1024;
const TIMEOUT = 60_000;
const RESTARTS = 2;
const REFUSED_AGAIN = 3_600_000; // what the office refuses now it may take when its settings have changed

/** What stopped it when an interview waits. */
export const OVERTAKEN = { reason: 'interview' };

/** Send all media of interviews that the server has; null, or what stopped it ({ reason }). */
export async function uploadMedia(device) {
  try {
    for (const item of await listMediaItems()) {
      const stuck = await uploadItem(item, device);
      if (stuck) return stuck;
    }
    return null;
  } finally {
    line.file = null;
    tellHere('queue');
  }
}

async function uploadItem(item, device) {
  let { media } = item;
  for (const [place, one] of media.entries()) {
    if (one.sent || Date.now() - (one.refused?.at ?? 0) < REFUSED_AGAIN) continue;
    const outcome = await uploadOne(item, place, one, device);
    if (outcome.reason) return outcome;
    media = media.with(place, { ...one, refused: undefined, ...outcome });
    await settleMedia(item.id, media);
  }
  return null;
}

/** { sent: true }, { refused: { status, title } }, or { reason } when it has to be tried again later. */
async function uploadOne(item, place, one, device) {
  const { name, type, size, sha256, sealed } = one;
  for (let restart = 0; restart <= RESTARTS; restart += 1) {
    const body = { submission: item.id, name, type, size, sha256, sealed };
    const outcome = await sendPieces(item, one, device, await call('/api/v1/media', { token: device.token, body }));
    if (outcome !== 'again') return outcome;
    if (!(await isWhole(item.id, one)) && !(await restoreFile(item.id, place, one))) return { refused: { status: 0, title: '', at: Date.now(), lost: true } };
  }
  return { reason: 'digest' };
}

async function sendPieces(item, one, device, announced) {
  let answer = announced;
  for (;;) {
    const verdict = judgePiece(one, answer);
    if (verdict) return verdict;
    const { offset } = answer.data;
    line.file = { id: item.id, name: one.name, percent: Math.floor(100 * offset / one.size) };
    tellHere('queue');
    if ((await countQueue({ hidden: true })).waiting) return OVERTAKEN;
    let bytes;
    try {
      bytes = await readPackedPart(item.id, one.name, offset, Math.min(PIECE, one.size - offset));
    } catch {
      return 'again'; // the phone lost a piece: its second copy may have it
    }
    answer = await patch(`/api/v1/media/${one.sha256}?offset=${offset}`, bytes, device.token);
  }
}

/** What an answer means for a file; null: go on at its offset. */
export function judgePiece(one, answer) {
  if (answer.kind === 'waiting') return { reason: answer.reason, after: answer.after };
  if (answer.kind === 'problem') {
    if ((answer.problem.type ?? '').endsWith(':media-digest-wrong')) return 'again';
    if (answer.status === 404) return 'again';
    return { refused: { status: answer.status, title: answer.problem.title ?? '', at: Date.now() } };
  }
  const { sha256, offset, complete } = answer.data;
  if (sha256 !== one.sha256 || !Number.isInteger(offset) || offset < 0 || offset > one.size) return { reason: 'nonsense' };
  if (complete === true) return offset === one.size ? { sent: true } : { reason: 'nonsense' };
  return offset < one.size ? null : { reason: 'server' };
}

async function patch(path, bytes, token) {
  const headers = { Accept: 'application/json, application/problem+json', Authorization: `Bearer ${token}`, 'Content-Type': 'application/octet-stream' };
  const alarm = new AbortController();
  const timer = setTimeout(() => alarm.abort(), TIMEOUT);
  try {
    const response = await fetch(path, {
      method: 'PATCH', headers, body: bytes, redirect: 'error', credentials: 'omit', cache: 'no-store', signal: alarm.signal,
    });
    return readAnswer(response.status, response.headers, await response.text());
  } catch (error) {
    return { kind: 'waiting', reason: error?.name === 'AbortError' ? 'slow' : 'offline' };
  } finally {
    clearTimeout(timer);
  }
}
