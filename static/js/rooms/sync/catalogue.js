/**
 * The forms of this phone. A new phone takes them in its own language first, the others' texts after all forms (languages.js);
 * until it has everything, also what may be stored only under its PIN, `asked_at` is 0. `meta.catalogue` is
 *
 *   { asked_at, programme, policies, forms: [entry], unopened: [{ id, title, version, why }], coming?: [{ id, title, wave }] }
 *
 * An entry carries the form's hash, so a form and its files never change under a draft. What a draft needs is never deleted,
 * whatever the server says, and a form is only taken when this app can open it: until then the one before it stays.
 */
import { call, download } from '../../api.js';
import { ask } from '../../boot.js';
import { tell } from '../../bus.js';
import { Interview } from '../../engine/interview.js';
import { lookForUpdate } from '../../install.js';
import { commit, get, getAll, getKeys } from '../../store.js';

const FRESH = 300_000;

let wanted = null;
let untold = null; // what the office said while the phone had no PIN yet: { answer, token, at }
let askFor = () => {};

/** Somebody waits for this form: it comes next. */
export function want(formId) {
  wanted = formId;
  askFor();
}

/** Ask which forms this phone should have and fetch what is missing. Returns null, or what stopped it ({ reason }). `anew`: somebody asks. */
export async function refreshCatalogue(device, anew = false) {
  const { token } = device;
  const isFresh = !anew && untold?.token === token && Math.abs(Date.now() - untold.at) < FRESH;
  const answer = isFresh ? untold.answer : await call('/api/v1/phone', { token });
  untold = null;
  if (answer.kind === 'problem') return { reason: 'server' };
  if (answer.kind !== 'ok') return answer;
  if (!Array.isArray(answer.data.forms)) return { reason: 'portal' };
  if (answer.data.app && answer.data.app !== appVersion()) lookForUpdate();
  const before = await get('meta', 'catalogue');
  const round = { told: answer.data, before, forms: [], unopened: [], left: inOrder(answer.data.forms), asked: new Set(), stuck: null, isKept: false };
  askFor = () => askForNext(round, token);
  while (round.left.length) {
    if (isNew(round)) await publish(round);
    await takeOne(round, token);
  }
  if (isNew(round)) round.stuck ??= await (await import('./languages.js')).completeForms(answer.data.forms, token);
  const work = await (await import('../field/log.js')).keepOffice(answer.data); // private: null until there is a PIN
  const told = [...(work ?? []), ...(await officeChanges(answer.data))];
  round.isKept = work !== null; // not `locked()`: the PIN may have been chosen meanwhile, and the work would be missing
  if (!round.isKept) {
    untold = { answer, token, at: Date.now() };
    return publish(round, told).then(() => round.stuck);
  }
  await publish(round, [...told, ...(await unneeded(round.forms))]);
  return round.stuck ?? fetchShown(round.forms, device);
}

/** What has a wave comes first: it will be wanted first. */
function inOrder(forms) {
  return forms.toSorted((a, b) => Boolean(b.wave) - Boolean(a.wave));
}

/** A phone in use takes what is new in all languages at once. */
function isNew({ before }) {
  return !before?.asked_at;
}

function next({ left }) {
  return left.find(({ id }) => id === wanted) ?? left[0];
}

/** While one form comes the next is asked for: its way over a thin line is as long again. */
async function askForNext(round, token) {
  const entry = next(round);
  if (!isNew(round) || !entry || round.asked.has(entry)) return;
  round.asked.add(entry);
  if (!(await get('forms', entry.hash)) && round.left.includes(entry)) ask((entry.first ?? entry).url, token);
}

async function takeOne(round, token) {
  const entry = next(round);
  round.left.splice(round.left.indexOf(entry), 1);
  askFor();
  const trouble = await obtain(entry, token, round);
  const kept = trouble ? round.before?.forms.find((old) => old.id === entry.id) : entry;
  if (kept) round.forms.push(kept);
  if (trouble?.why) round.unopened.push({ id: entry.id, title: entry.title, version: entry.version, hash: entry.hash, why: trouble.why, app: appVersion() });
  else round.stuck ??= trouble;
}

/** The catalogue as it is now; on a new phone also half-way, with what is still `coming`. */
async function publish({ told, before, forms: taken, unopened, left, stuck, isKept }, more = []) {
  const { programme, policies } = told;
  const older = left.map(({ id }) => before?.forms.find((old) => old.id === id)).filter(Boolean);
  const coming = left.filter(({ id }) => !older.some((old) => old.id === id));
  const forms = [...taken, ...older];
  const value = {
    asked_at: stuck || left.length || !isKept ? 0 : Date.now(), programme, policies, forms, unopened, stops: told.stop_work?.length ?? 0, field: hasField(told, forms),
    ...(coming.length ? { coming: coming.map(({ id, title, wave }) => ({ id, title, wave })) } : {}),
  };
  await commit([{ store: 'meta', key: 'catalogue', value }, ...more]);
  tell('catalogue');
}

/** What the office said besides its forms and the team's work. */
async function officeChanges({ programme, keys, lock }) {
  return [
    ...(keys ? await (await import('../lock/trust.js')).acceptKeys(keys, programme.code) : []),
    ...(lock ? [{ store: 'vault', key: 'policy', value: lock }] : []),
  ];
}

/** What forms show (pictures, sound, film) comes after the forms: no interview waits for it. */
async function fetchShown(forms, device) {
  if (!forms.some(({ media = [] }) => media.length) && (await getKeys('files')).length === 0) return null;
  const { fetchFormFiles } = await import('../media/formfiles.js');
  return (await fetchFormFiles(forms, device)) ? null : { reason: 'offline' };
}

/** The entry's form and files on the phone and openable: null, { reason } for later, or { why } it can't be opened here. */
async function obtain(entry, token, { before }) {
  if (await get('forms', entry.hash)) return null;
  const failed = before?.unopened?.find(({ hash }) => hash === entry.hash);
  if (failed?.why === 'broken' && failed.app === appVersion()) return { why: failed.why };
  try {
    return await fetchForm(entry, before?.asked_at ? null : entry.first, token);
  } catch (error) {
    if (error?.name === 'StoreFailed') return error.full ? { why: 'large' } : { reason: 'phone' };
    return { why: error instanceof RangeError ? 'large' : 'broken' };
  }
}

async function fetchForm(entry, first, token) {
  const changes = [];
  const files = {};
  const data = async ({ filename, sha256, url }) => {
    const stored = await get('datasets', sha256);
    const got = stored === undefined ? await download(url, sha256, token) : null;
    if (got?.reason) return got;
    files[filename] = stored ?? new TextDecoder().decode(got.bytes);
    if (got) changes.push({ store: 'datasets', key: sha256, value: files[filename] });
    return {};
  };
  const [{ reason, bytes }, ...others] = await Promise.all([download(first?.url ?? entry.url, first?.sha256 ?? entry.hash, token), ...(entry.datasets ?? []).map(data)]);
  const stopped = [reason, ...others.map((each) => each.reason)].find(Boolean);
  if (stopped) return { reason: stopped };
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
