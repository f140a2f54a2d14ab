/**
 * The forms of this phone. `meta.catalogue` is { asked_at, programme, policies, forms: [entry], unopened: [{ id, title, version, why }] };
 * an entry carries the form's hash, so a form and its files never change under a draft. What a draft needs is never deleted,
 * whatever the server says, and a form is only taken when this app can open it: until then the one before it stays.
 */
import { call, download } from '../../api.js';
import { tell } from '../../bus.js';
import { Interview } from '../../engine/interview.js';
import { lookForUpdate } from '../../install.js';
import { commit, get, getAll, getKeys } from '../../store.js';

/** Ask which forms this phone should have and fetch what is missing. Returns null, or what stopped it ({ reason }). */
export async function refreshCatalogue(device) {
  const answer = await call('/api/v1/phone', { token: device.token });
  if (answer.kind === 'problem') return { reason: 'server' };
  if (answer.kind !== 'ok') return answer;
  if (!Array.isArray(answer.data.forms)) return { reason: 'portal' };
  if (answer.data.app && answer.data.app !== appVersion()) lookForUpdate();
  const before = await get('meta', 'catalogue');
  const forms = [];
  const unopened = [];
  let stuck = null;
  for (const entry of answer.data.forms) {
    const trouble = await obtain(entry, device.token, before?.unopened ?? []);
    const kept = trouble ? before?.forms.find((old) => old.id === entry.id) : entry;
    if (kept) forms.push(kept);
    if (trouble?.why) unopened.push({ id: entry.id, title: entry.title, version: entry.version, hash: entry.hash, why: trouble.why, app: appVersion() });
    else stuck ??= trouble;
  }
  const { programme, policies, keys, lock } = answer.data;
  await commit([
    { store: 'meta', key: 'catalogue', value: { asked_at: stuck ? 0 : Date.now(), programme, policies, forms, unopened, stops: answer.data.stop_work?.length ?? 0, field: hasField(answer.data, forms) } },
    ...(await (await import('../field/log.js')).keepOffice(answer.data)),
    ...(keys ? await (await import('../lock/trust.js')).acceptKeys(keys, programme.code) : []),
    ...(lock ? [{ store: 'vault', key: 'policy', value: lock }] : []),
    ...(await unneeded(forms)),
  ]);
  tell('catalogue');
  return stuck ?? fetchShown(forms, device);
}

/** What forms show (pictures, sound, film) comes after the forms: no interview waits for it. */
async function fetchShown(forms, device) {
  if (!forms.some(({ media = [] }) => media.length) && (await getKeys('files')).length === 0) return null;
  const { fetchFormFiles } = await import('../media/formfiles.js');
  return (await fetchFormFiles(forms, device)) ? null : { reason: 'offline' };
}

/** The entry's form and files on the phone and openable: null, { reason } for later, or { why } it can't be opened here. */
async function obtain(entry, token, unopened) {
  if (await get('forms', entry.hash)) return null;
  const failed = unopened.find(({ hash }) => hash === entry.hash);
  if (failed?.why === 'broken' && failed.app === appVersion()) return { why: failed.why };
  try {
    return await fetchForm(entry, token);
  } catch (error) {
    if (error?.name === 'StoreFailed') return error.full ? { why: 'large' } : { reason: 'phone' };
    return { why: error instanceof RangeError ? 'large' : 'broken' };
  }
}

async function fetchForm(entry, token) {
  const changes = [];
  const files = {};
  for (const { filename, sha256, url } of entry.datasets ?? []) {
    const stored = await get('datasets', sha256);
    const got = stored === undefined ? await download(url, sha256, token) : null;
    if (got?.reason) return { reason: got.reason };
    files[filename] = stored ?? new TextDecoder().decode(got.bytes);
    if (got) changes.push({ store: 'datasets', key: sha256, value: files[filename] });
  }
  const { reason, bytes } = await download(entry.url, entry.hash, token);
  if (reason) return { reason };
  const form = JSON.parse(new TextDecoder().decode(bytes));
  await Interview.open(form, { datasets: files });
  await commit([...changes, { store: 'forms', key: entry.hash, value: { form, datasets: entry.datasets ?? [] } }]);
  return null;
}

function appVersion() {
  return document.documentElement.dataset.version;
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

/** Whether there is fieldwork to show on the first screen: a team, a stop, a card, or the observers' form. */
function hasField({ policies, stop_work, referral }, forms) {
  return Boolean(policies?.team || stop_work?.length || referral || forms.some(({ id }) => id === 'ssr_observer'));
}
