/**
 * The second copy of an interview's files, made ready to send, beside the copy of the interview itself: `m-<id>-<place>`,
 * each { name, sha256, body }. What the database loses (a lost blob file, a damaged table) comes back from here; what both
 * lost is said aloud.
 */
import { digestOf } from '../../api.js';
import { second } from '../../keeping.js';
import { commit, get, getKeys } from '../../store.js';
import { keepPacked, packedPieces, readPacked } from './packing.js';

/** Keep `bytes` of the file at `place` of an item's list once more; false where the browser has no such files. */
export async function copyFile(id, place, { name, sha256 }, bytes) {
  return (await second()).put(nameOf(id, place), { name, sha256, body: bytes });
}

/** The copies of an item's files that are missing in `files` (names of the second copy), made now. */
export async function copyMissingFiles({ id, media }, files) {
  for (const [place, one] of media.entries()) {
    if (one.sent || files.has(nameOf(id, place))) continue;
    const bytes = await readPacked(id, one).catch(() => null);
    if (bytes && (await digestOf(bytes)) === one.sha256) await copyFile(id, place, one, bytes);
  }
}

/** Put the file at `place` back into the database from its copy; true when the disk gave the right bytes back. */
export async function restoreFile(id, place, { name, sha256 }) {
  const copy = await (await second()).find(nameOf(id, place));
  if (copy?.sha256 !== sha256 || (await digestOf(copy.body)) !== sha256) return false;
  return keepPacked(id, name, copy.body, sha256).then(() => true, () => false);
}

/** Are the bytes in the database the ones that were announced? */
export async function isWhole(id, one) {
  const bytes = await readPacked(id, one).catch(() => null);
  return bytes !== null && (await digestOf(bytes)) === one.sha256;
}

/**
 * Files whose pieces aren't all there come back, or are marked as lost: { backFiles, files } counts both. A file that was
 * lost before is counted no second time.
 */
export async function mendFiles(item) {
  const found = { backFiles: 0, files: 0 };
  const there = await getKeys('media', `${item.id}!/`);
  let media = item.media;
  for (const [place, one] of media.entries()) {
    if (one.sent || one.refused?.lost || packedPieces(there, item.id, one)) continue;
    const back = await restoreFile(item.id, place, one);
    found[back ? 'backFiles' : 'files'] += 1;
    if (!back) media = media.with(place, { ...one, refused: { status: 0, title: '', at: Date.now(), lost: true } });
  }
  const stored = media === item.media ? null : await get('outbox', item.id);
  if (stored) await commit([{ store: 'outbox', key: item.id, value: { ...stored, media } }]);
  return found;
}

function nameOf(id, place) {
  return `m-${id}-${place}`;
}
