/**
 * Compares the witnesses (keeping.js) and mends what can be mended. What came back and what is gone is noted in
 * `meta.losses`: { at, restored, restoredDrafts, backFiles, interviews, drafts, files, seen }, shown until somebody has seen it, and the
 * number of lost interviews goes to the office with every report.
 */
import { tell } from '../../bus.js';
import { noteCanary } from '../../keeping.js';
import { copiesOf } from '../outbox/items.js';
import { commit, get, getAll, getBy, getKeys, getKeysBy } from '../../store.js';
import { drop, find, findNewest, names, put, putInTurn, readCanary, turnsOf } from './copy.js';

const UNSENT = ['waiting', 'media', 'refused'];

/** Compare and mend, one tab at a time. */
export async function compare() {
  const work = async () => {
    const canary = readCanary();
    const files = await names();
    const found = { restored: 0, restoredDrafts: 0, backFiles: 0, interviews: 0, drafts: 0, files: 0 };
    const wiped = !(await get('meta', 'device')) && (canary.enrolled || Boolean(files?.some((name) => name.startsWith('phone-'))));
    await (wiped ? restorePhone() : copyPhone());
    await mendOutbox(files ?? [], canary, found);
    await mendDrafts(files ?? [], wiped ? null : canary.drafts, found);
    await countLost(canary, found);
    await mendMedia(files ?? [], found);
    await noteLosses(found);
    if (files) await copyMissing(new Set(files));
    await (await import('../drafts/expiring.js')).expireDrafts();
    await noteCanary();
  };
  if (!navigator.locks) return work();
  return navigator.locks.request('keeping', work);
}

/** The database forgot who this phone is: the copy knows. */
async function restorePhone() {
  const copy = await findNewest('phone');
  if (!copy) return;
  await commit([
    ...copy.meta.map(([key, value]) => ({ store: 'meta', key, value })),
    ...copy.vault.map(([key, value]) => ({ store: 'vault', key, value })),
  ]);
}

/** Write the phone's own facts to the second copy, if they aren't there yet. */
export async function copyPhone() {
  const device = await get('meta', 'device');
  if (!device) return;
  const keys = await getKeys('vault');
  const vault = await Promise.all(keys.map(async (key) => [key, await get('vault', key)]));
  const meta = (await Promise.all(['device', 'language', 'keys'].map(async (key) => [key, await get('meta', key)]))).filter(([, value]) => value);
  const { copied_at, ...before } = (await findNewest('phone')) ?? {};
  if (JSON.stringify(before, readable) === JSON.stringify({ meta, vault }, readable)) return;
  await putInTurn('phone', { meta, vault });
}

function readable(key, value) {
  return value instanceof Uint8Array || value instanceof ArrayBuffer ? [...new Uint8Array(value)] : value;
}

/** Items that only the second copy has. One that isn't on the canary's list and has a draft was never finished. */
async function mendOutbox(files, canary, found) {
  const [bodies, drafts, unsent] = (await Promise.all([getKeys('bodies'), getKeys('drafts'), unsentIds()])).map((keys) => new Set(keys));
  const asked = new Set(canary.outbox);
  for (const name of files.filter((each) => each.startsWith('o-'))) {
    const id = name.slice(2);
    if (unsent.has(id) && bodies.has(id)) continue; // as it should be: nearly always, however many there are
    const item = await get('outbox', id);
    const gone = item ? item.state === 'deleted' || (item.state === 'sent' && item.kept_until === null) : drafts.has(id) && !asked.has(id);
    if (gone) await drop(name);
    else if (!item || (UNSENT.includes(item.state) && !bodies.has(id))) await restore(name, item, found);
  }
}

/** The ids of what the server doesn't have whole, without reading a single one. */
async function unsentIds() {
  return (await Promise.all(UNSENT.map((state) => getKeysBy('outbox', 'state', state)))).flat();
}

/** Items by their ids, one after another. */
async function itemsOf(ids) {
  const items = [];
  for (const id of ids) items.push(await get('outbox', id));
  return items.filter(Boolean);
}

/** Does any finished interview have files? Then its items have to be looked at; mostly none has. */
async function hasPacked(files) {
  return files.some((name) => name.startsWith('m-')) || (await getKeys('media')).some((key) => key.includes('!/'));
}

async function unsentItems() {
  return (await Promise.all(UNSENT.map((state) => getBy('outbox', 'state', state)))).flat();
}

/** Files of interviews that wait: those that the database lost come back; copies of what is gone for good go too. */
async function mendMedia(files, found) {
  if (!(await hasPacked(files)) && !(await unsentItems()).some(({ media = [] }) => media.length)) return; // all may be lost
  const items = await getAll('outbox');
  const kept = new Set(items.filter(({ state, kept_until }) => UNSENT.includes(state) || kept_until).flatMap(copiesOf));
  await drop(...files.filter((name) => name.startsWith('m-') && !kept.has(name)));
  for (const item of items.filter(({ state, media = [] }) => UNSENT.includes(state) && media.length)) {
    const { mendFiles } = await import('../media/second.js');
    for (const [key, n] of Object.entries(await mendFiles(item))) found[key] += n;
  }
}

async function restore(name, item, found) {
  const copy = await find(name);
  if (!copy) return;
  const { id } = copy.item;
  await commit([
    { store: 'outbox', key: id, value: item ?? { ...copy.item, second: true } },
    { store: 'bodies', key: id, value: copy.body },
    { store: 'drafts', key: id },
  ]);
  found.restored += 1;
}

/** Drafts that only the copy has; those that the canary doesn't name were deleted. Without canary (`known` is null) all come back. */
async function mendDrafts(files, known, found) {
  const [drafts, items] = (await Promise.all([getKeys('drafts'), getKeys('outbox')])).map((keys) => new Set(keys));
  const copied = new Set(files.filter((name) => name.startsWith('d-')).map((name) => name.slice(2, -2)));
  for (const id of copied) {
    if (drafts.has(id)) continue;
    const lost = !items.has(id) && (known?.includes(id) ?? true);
    const copy = lost ? await findNewest(`d-${id}`) : null;
    if (copy) {
      await commit([{ store: 'drafts', key: id, value: copy.draft }]);
      found.restoredDrafts += 1;
    } else await drop(...turnsOf(`d-${id}`));
  }
}

/** What the canary names and nobody has. */
async function countLost(canary, found) {
  const here = new Set([...(await getKeys('outbox')), ...(await getKeys('drafts'))]);
  const bodies = new Set(await getKeys('bodies'));
  const bodiless = await itemsOf((await unsentIds()).filter((id) => !bodies.has(id)));
  for (const item of bodiless.filter(({ reason }) => reason?.kind !== 'lost')) {
    await commit([{ store: 'outbox', key: item.id, value: { ...item, state: 'refused', reason: { kind: 'lost' } } }]);
    found.interviews += 1;
  }
  found.interviews += canary.outbox.filter((id) => !here.has(id)).length;
  found.drafts += canary.drafts.filter((id) => !here.has(id)).length;
}

async function noteLosses(found) {
  if (!Object.values(found).some(Boolean)) return;
  const before = await get('meta', 'losses');
  const sum = Object.fromEntries(Object.entries(found).map(([key, n]) => [key, n + (before && !before.seen ? before[key] ?? 0 : 0)]));
  const total = (before?.total ?? 0) + found.interviews;
  await commit([{ store: 'meta', key: 'losses', value: { ...sum, total, at: new Date().toISOString(), seen: false } }]);
  tell('queue');
  tell('drafts');
  tell('catalogue');
}

/** Unsent items and drafts that have no second copy, made when there was no room or no such files. */
async function copyMissing(files) {
  for (const item of await itemsOf((await unsentIds()).filter((id) => !files.has(`o-${id}`)))) {
    const body = await get('bodies', item.id);
    if (body && (await put(`o-${item.id}`, { item, body }))) await commit([{ store: 'outbox', key: item.id, value: { ...item, second: true } }], isSame(item));
  }
  const all = (await hasPacked([...files])) ? await unsentItems() : [];
  for (const item of all.filter(({ media = [] }) => media.length)) await (await import('../media/second.js')).copyMissingFiles(item, files);
  for (const draft of await getAll('drafts')) {
    if (!turnsOf(`d-${draft.id}`).some((name) => files.has(name))) await putInTurn(`d-${draft.id}`, { draft });
  }
}

/** An item that the uploader changed meanwhile is left as it is. */
function isSame({ id, state, tries }) {
  return { store: 'outbox', key: id, holds: (stored) => stored?.state === state && stored.tries === tries };
}
