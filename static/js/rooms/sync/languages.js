/**
 * The other languages of the forms of a new phone: their texts come when all forms are there. Each form is complete from one
 * moment to the next, in one transaction; until then what is missing stands in the language that is there.
 */
import { download } from '../../api.js';
import { tell } from '../../bus.js';
import { commit, get, getKeys } from '../../store.js';

/** Fetch what the forms lack, those of drafts too. `entries` are the catalogue's. Null, or what stopped it ({ reason }). */
export async function completeForms(entries, token) {
  for (const hash of await getKeys('forms')) {
    const stored = await get('forms', hash);
    if (!stored.form.others) continue;
    const { reason, form } = await completed(stored.form, entries.find((entry) => entry.hash === hash), token);
    if (reason) return { reason };
    await commit([{ store: 'forms', key: hash, value: { ...stored, form } }]);
    tell('catalogue');
  }
  return null;
}

/** The form with every language; whole from the server where its parts can't be had. */
async function completed({ others, ...form }, entry, token) {
  const parts = await Promise.all(others.map(({ url, sha256 }) => download(url, sha256, token)));
  if (parts.every(({ bytes }) => bytes)) return { form: { ...form, texts: merged(form.texts, others, parts) } };
  const { reason } = parts.find((part) => part.reason);
  if (reason !== 'portal' || !entry) return { reason };
  const whole = await download(entry.url, entry.hash, token);
  return whole.reason ? whole : { form: read(whole.bytes) };
}

function merged(texts, others, parts) {
  const more = parts.map(({ bytes }, index) => [others[index].language, read(bytes)]);
  return Object.fromEntries(Object.entries(texts).map(([key, each]) => [key, { ...each, ...Object.fromEntries(more.map(([language, told]) => [language, told[key]])) }]));
}

function read(bytes) {
  return JSON.parse(new TextDecoder().decode(bytes));
}
