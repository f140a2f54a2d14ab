/**
 * The forms of this phone. `meta.catalogue` is { asked_at, programme, forms: [entry] }; an entry carries the form's hash, so
 * a form and its files never change under a draft. What a draft needs is never deleted, whatever the server says.
 */
import { call, download } from './api.js';
import { tell } from './bus.js';
import { commit, get, getAll, getKeys } from './store.js';

/** Ask which forms this phone should have and fetch what is missing. Returns null, or what stopped it ({ reason }). */
export async function refreshCatalogue(device) {
  const answer = await call('/api/v1/phone', { token: device.token });
  if (answer.kind === 'problem') return { reason: 'server' };
  if (answer.kind !== 'ok') return answer;
  if (!Array.isArray(answer.data.forms)) return { reason: 'portal' };
  const before = await get('meta', 'catalogue');
  const forms = [];
  let missing = false;
  for (const entry of answer.data.forms) {
    const ready = await fetchForm(entry, device.token);
    missing ||= !ready;
    const kept = ready ? entry : before?.forms.find((old) => old.id === entry.id);
    if (kept) forms.push(kept);
  }
  const { programme } = answer.data;
  await commit([
    { store: 'meta', key: 'catalogue', value: { asked_at: missing ? 0 : Date.now(), programme, forms } },
    ...(await unneeded(forms)),
  ]);
  tell('catalogue');
  return missing ? { reason: 'offline' } : null;
}

/** A stored form and its CSV files: { form, files: { filename: text } }; null when this phone doesn't have it. */
export async function findForm(hash) {
  const stored = await get('forms', hash);
  if (!stored) return null;
  const files = {};
  for (const { filename, sha256 } of stored.datasets) files[filename] = await get('datasets', sha256);
  return { form: stored.form, files };
}

async function fetchForm(entry, token) {
  const changes = [];
  for (const { sha256, url } of entry.datasets ?? []) {
    if (await get('datasets', sha256) !== undefined) continue;
    const text = await download(url, sha256, token);
    if (text === null) return false;
    changes.push({ store: 'datasets', key: sha256, value: text });
  }
  if (!(await get('forms', entry.hash))) {
    const text = await download(entry.url, entry.hash, token);
    if (text === null) return false;
    changes.push({ store: 'forms', key: entry.hash, value: { form: JSON.parse(text), datasets: entry.datasets ?? [] } });
  }
  if (changes.length) await commit(changes);
  return true;
}

async function unneeded(forms) {
  const needed = new Set([...forms, ...(await getAll('drafts'))].map(({ hash }) => hash));
  const files = new Set();
  const changes = [];
  for (const hash of await getKeys('forms')) {
    if (!needed.has(hash)) changes.push({ store: 'forms', key: hash });
    else (await get('forms', hash)).datasets.forEach(({ sha256 }) => files.add(sha256));
  }
  const leftovers = (await getKeys('datasets')).filter((sha256) => !files.has(sha256));
  return [...changes, ...leftovers.map((key) => ({ store: 'datasets', key }))];
}
