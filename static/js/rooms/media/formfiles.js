/**
 * Pictures, sounds and films that forms show with their questions and choices. They are published with the form, kept on the
 * phone in the store `files` by their digest, and fetched after the forms: an interview doesn't wait for a film.
 */
import { digestOf } from '../../api.js';
import { commit, get, getAll, getKeys } from '../../store.js';

const TYPES = {
  png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', gif: 'image/gif', webp: 'image/webp', svg: 'image/svg+xml', mp3: 'audio/mpeg',
  m4a: 'audio/mp4', ogg: 'audio/ogg', oga: 'audio/ogg', wav: 'audio/wav', amr: 'audio/amr', mp4: 'video/mp4', webm: 'video/webm', '3gp': 'video/3gpp',
};

/** A file that a form shows, as a Blob; null while it isn't on this phone. */
export async function readFormFile(form, name) {
  const sha256 = form?.attachments?.[name];
  const bytes = sha256 ? await get('files', sha256) : null;
  return bytes ? new Blob([bytes], { type: TYPES[name.split('.').pop().toLowerCase()] ?? '' }) : null;
}

/**
 * Fetch what the forms of the catalogue show and this phone lacks, and let go of what no form needs. Returns whether all is
 * here. `entries` are the catalogue's; each may have `media`: [{ filename, sha256, url }].
 */
export async function fetchFormFiles(entries, device) {
  const wanted = new Map(entries.flatMap(({ media = [] }) => media).map((file) => [file.sha256, file]));
  const here = new Set(await getKeys('files'));
  let all = true;
  for (const { sha256, url } of wanted.values()) {
    if (here.has(sha256)) continue;
    const bytes = await download(url, sha256, device.token);
    if (bytes) await commit([{ store: 'files', key: sha256, value: bytes }]);
    else all = false;
  }
  await dropUnneeded(wanted, here);
  return all;
}

/** What drafts of older versions show stays as long as their form does. */
async function dropUnneeded(wanted, here) {
  const shown = new Set((await getAll('forms')).flatMap(({ form }) => Object.values(form.attachments ?? {})));
  const over = [...here].filter((sha256) => !wanted.has(sha256) && !shown.has(sha256));
  if (over.length) await commit(over.map((key) => ({ store: 'files', key })));
}

async function download(url, sha256, token) {
  try {
    const response = await fetch(url, { headers: { Authorization: `Bearer ${token}` }, redirect: 'error', credentials: 'omit' });
    if (response.status !== 200) return null;
    const bytes = await response.arrayBuffer();
    return (await digestOf(bytes)) === sha256 ? bytes : null;
  } catch {
    return null;
  }
}
