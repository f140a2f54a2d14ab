/**
 * Interviews in a file, for the office or for another phone, when there is no line: sealed as they are sent.
 *
 *   { format: 'survey-outbox', protocol: 1, device: { id, label }, saved_at,
 *     submissions: [ as in POST /api/v1/sync ], media: [{ submission, name, type, size, sha256, sealed, base64 }] }
 *
 * The name of the file says nothing.
 */
import { digestOf } from '../../api.js';
import { tell } from '../../bus.js';
import { listBy, listUnsent, toSubmission } from './items.js';
import { noteCanary, second } from '../../keeping.js';
import { commit } from '../../store.js';

export const FORMAT = 'survey-outbox';
const PIECE = 0x8000;

/** All that the server doesn't have; with `sentToo` also what was sent and is still here. */
export async function unsentFile(device, { sentToo = false } = {}) {
  const sent = sentToo ? (await listBy('sent')).filter(({ kept_until }) => kept_until) : [];
  const items = [...sent, ...(await listUnsent())];
  const head = { format: FORMAT, protocol: 1, device: { id: device.id, label: device.label }, saved_at: new Date().toISOString() };
  const submissions = [];
  const media = [];
  for (const item of items) {
    const submission = await toSubmission(item);
    if (!submission) continue;
    submissions.push(JSON.stringify(submission));
    for (const part of await mediaOf(item)) media.push(part);
  }
  const parts = [JSON.stringify(head).slice(0, -1), ',"submissions":[', submissions.join(','), '],"media":[', ...media.flatMap((part, n) => (n ? [',', part] : [part])), ']}'];
  const stamp = head.saved_at.slice(0, 16).replace(/\D/g, '');
  return new File(parts, `encuesta-${stamp}.json`, { type: 'application/json' });
}

/** Hand the file to another app of the phone, as text: browsers share few other kinds. False where that didn't work. */
export function shareFile(file) {
  const text = new File([file], file.name.replace(/json$/, 'txt'), { type: 'text/plain' });
  return navigator.share({ files: [text] }).then(() => true, ({ name }) => name === 'AbortError');
}

async function mediaOf({ id, media = [] }) {
  const parts = [];
  for (const { name, type, size, sha256, sealed } of media) {
    const { readPacked } = await import('../media/packing.js');
    const bytes = await readPacked(id, { name, size }).catch(() => null); // a damaged picture mustn't hold up the rest
    if (bytes) parts.push(JSON.stringify({ submission: id, name, type, size, sha256, sealed, base64: base64(bytes) }));
  }
  return parts;
}

/** What is in such a file: { items: [[item, body]], device }; throws NotAnOutbox with the key of the text that says why. */
export async function readFile(file) {
  let document = null;
  try {
    document = JSON.parse(await file.text());
  } catch {
    throw new NotAnOutbox('loadNotOurs');
  }
  if (document?.format !== FORMAT || !Array.isArray(document.submissions)) throw new NotAnOutbox('loadNotOurs');
  if (document.protocol !== 1) throw new NotAnOutbox('loadNewer');
  const items = [];
  for (const submission of document.submissions) {
    const read = await readOne(submission, document.media ?? []);
    if (read) items.push(read);
  }
  return { items, damaged: document.submissions.length - items.length, device: document.device ?? {}, saved_at: document.saved_at };
}

async function readOne({ id, form, version, wave = null, finished_at, sha256, media = [], ...rest }, files) {
  const member = ['sealed', 'xml'].find((name) => typeof rest[name] === 'string');
  if (!member || typeof id !== 'string') return null;
  const body = new TextEncoder().encode(rest[member]);
  if ((await digestOf(body)) !== sha256) return null;
  const item = {
    id, form, title: form, version, wave, finished_at, sha256, member, size: body.length, media: media.map((each) => ({ ...each, sent: false })),
    second: false, shown: null, state: 'waiting', tries: 0, tried_at: null, reason: null, receipt: null, kept_until: null,
  };
  return { item, body, files: files.filter(({ submission }) => submission === id) };
}

/** Put them in this phone's outbox, each in one transaction; what is here already stays as it is. Returns how many are new. */
export async function addItems(items, forms = []) {
  let added = 0;
  for (const { item, body, files } of items) {
    const title = forms.find(({ id }) => id === item.form)?.title ?? item.form;
    const value = { ...item, title };
    value.second = await (await second()).put(`o-${item.id}`, { item: value, body });
    for (const { name, bytes, sha256 } of files.map(decoded)) await keepFile(item, name, bytes, sha256);
    const absent = { store: 'outbox', key: item.id, holds: (stored) => !stored || stored.state === 'deleted' };
    try {
      await commit([{ store: 'outbox', key: item.id, value }, { store: 'bodies', key: item.id, value: body }], absent);
      added += 1;
    } catch (error) {
      if (error?.name !== 'Superseded') throw error;
    }
  }
  await noteCanary();
  tell('queue');
  return added;
}

/** A file isn't an outbox that this app can take. */
export class NotAnOutbox extends Error {
  constructor(key) {
    super(key);
    this.name = 'NotAnOutbox';
    this.key = key;
  }
}

/** One of its files, and once more beside the database. */
async function keepFile({ id, media }, name, bytes, sha256) {
  await (await import('../media/packing.js')).keepPacked(id, name, bytes, sha256);
  const place = media.findIndex((one) => one.name === name);
  if (place >= 0) await (await import('../media/second.js')).copyFile(id, place, { name, sha256 }, bytes);
}

function decoded({ base64: text, ...facts }) {
  return { ...facts, bytes: Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)) };
}

function base64(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}
