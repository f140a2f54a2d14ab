/**
 * The files of an interview that is being finished, made ready to send: those that its XML names (and the other parts of a
 * recording that broke off), sealed to the key of the wave, in pieces in the store `media` under
 *
 *   item!/name/00000    bytes, as they will cross the line
 *
 * They are on the disk, read back and checked, and copied a second time (second.js) before the interview moves to the outbox;
 * what the outbox says is in its item.
 */
import { digestOf } from '../../api.js';
import { ELEMENT } from '../../engine/nodes.js';
import { readXml } from '../../engine/families/xml.js';
import { sealMedia } from '../../seal.js';
import { commit, get } from '../../store.js';
import { Damaged, listFiles, readFile } from './files.js';
import { copyFile } from './second.js';
import './texts.js';

const PIECE = 1024 * 1024;
const last = { key: null, piece: null }; // sending reads each piece sixteen times

/** A file that an answer names isn't on the phone any more: it has to be made again, or its answer cleared. */
export class FileGone extends Error {
  name = 'FileGone';
}

/**
 * What is sent with `draft`: [{ name, type, size, sha256, sealed, sent }], packed and copied; `asks` are the refs of the
 * questions whose answers are files. Throws FileGone for an answer without its file.
 */
export async function packMedia(draft, xml, asks) {
  const named = textsOf(xml, asks);
  const there = await listFiles(draft.id);
  const gone = [...named.files].find((name) => !there.includes(name));
  if (gone) throw new FileGone(gone);
  const media = [];
  for (const name of there.filter((each) => isNamed(each, named.all))) {
    const file = await readFile(draft.id, name).catch((error) => { throw error?.name === 'Locked' ? error : new FileGone(name, { cause: error }); });
    if (file?.size) media.push(await pack(draft, name, file, media.length));
  }
  return media;
}

/** "123.webm" is named by itself, its continuation "123.webm" + "-2.webm" by the first. */
function isNamed(name, named) {
  return named.has(name) || named.has(name.replace(/-\d+(\.\w+)$/, '$1'));
}

async function pack(draft, name, file, place) {
  const { type } = file;
  const { bytes, sha256 } = await sealMedia(new Uint8Array(await file.arrayBuffer()), draft.wave, { id: draft.id, name, type });
  await keepPacked(draft.id, name, bytes, sha256);
  await copyFile(draft.id, place, { name, sha256 }, bytes);
  return { name, type, size: bytes.length, sha256, sealed: true, sent: false };
}

/** Does `keys` (of the store `media`) have all pieces of a packed file? */
export function packedPieces(keys, id, { name, size }) {
  const start = `${packedKey(id, name)}/`;
  return keys.filter((key) => key.startsWith(start)).length >= Math.ceil(size / PIECE);
}

/** Keep the bytes of a file as they will be sent; rejects with Damaged when the disk gives back others. */
export async function keepPacked(id, name, bytes, sha256) {
  const key = packedKey(id, name);
  last.key = null;
  await commit([droppingPacked(id, name)]);
  for (let at = 0; at < bytes.length; at += PIECE) {
    await commit([{ store: 'media', key: pieceKey(key, at / PIECE), value: bytes.slice(at, at + PIECE) }]);
  }
  const back = await readPacked(id, { name, size: bytes.length });
  if ((await digestOf(back)) !== sha256) throw new Damaged(key);
}

/** A file as it will be sent; rejects with Damaged when a piece is missing. */
export async function readPacked(id, { name, size }) {
  return readPackedPart(id, name, 0, size);
}

/** `length` bytes of a file as it will be sent, from `from` on: only the pieces that hold them are read. */
export async function readPackedPart(id, name, from, length) {
  const key = packedKey(id, name);
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const at = from + done;
    const piece = await readPiece(pieceKey(key, Math.floor(at / PIECE)));
    const part = piece?.subarray(at % PIECE, (at % PIECE) + length - done);
    if (!part?.length) throw new Damaged(key);
    bytes.set(part, done);
    done += part.length;
  }
  return bytes;
}

async function readPiece(key) {
  if (last.key !== key) Object.assign(last, { key, piece: await get('media', key) });
  if (!last.piece) last.key = null;
  return last.piece;
}

/** The change that deletes one packed file. */
function droppingPacked(id, name) {
  const key = packedKey(id, name);
  return { store: 'media', key: IDBKeyRange.bound(`${key}/`, `${key}/\uffff`) };
}

function packedKey(id, name) {
  return `${id}!/${name}`;
}

function pieceKey(key, place) {
  return `${key}/${String(place).padStart(5, '0')}`;
}

/** The texts of all leaves of the instance (among them are the names of its files), and those at the refs of `asks`. */
function textsOf(xml, asks) {
  const all = new Set();
  const files = new Set();
  const visit = (node, above) => {
    const ref = node.kind === ELEMENT ? `${above}/${node.name}` : above;
    const text = node.kind === ELEMENT && !node.children.length ? node.text.trim() : '';
    if (text) all.add(text);
    if (text && asks.has(ref)) files.add(text);
    node.children.forEach((child) => visit(child, ref));
  };
  visit(readXml(xml), '');
  return { all, files };
}
