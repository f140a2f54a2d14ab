/**
 * Finished interviews, until the server has them and for some days after. An item is
 *
 *   { id, form, title, version, wave, finished_at, sha256, member, size, media, second, shown,
 *     state, tries, tried_at, reason, receipt, kept_until }
 *
 * state   'waiting'   not with the server yet; `reason` says what the last try met
 *         'media'     the interview is there, pictures or sound aren't all
 *         'sent'      the server answered with our digest after its commit; the sealed copy stays until `kept_until`
 *         'refused'   the server said no and why: kept whole, can be sent again or saved to a file
 *         'deleted'   the user deleted it, and was asked: only this line stays, so that nobody looks for it
 * `shown` is { label, site }, protected. The sealed body is in the store `bodies` under the same id, and once more in a
 * file beside IndexedDB (rooms/keeping/): nothing on this phone can open it.
 */
import { digestOf } from '../../api.js';
import { tell } from '../../bus.js';
import { noteCanary, second } from '../../keeping.js';
import { rangeOf } from '../../outbox.js';
import { commit, get, getBy, getLastBy } from '../../store.js';
import { reveal } from '../../vault.js';

const UNSENT = ['waiting', 'media', 'refused'];
const DAY = 86_400_000;
const KEEP_DAYS = 7;
const KEEP_BYTES = 20 * 1024 * 1024;

/** The items in one of these states, the oldest first. */
export async function listBy(...states) {
  return inOrder((await Promise.all(states.map((state) => getBy('outbox', 'state', state)))).flat());
}

/** The oldest items in a state, at most `limit`: as quick with thousands as with ten. `hidden`: also what an empty phone hides. */
export function listOldest(state, limit, { hidden = false } = {}) {
  return getBy('outbox', 'line', rangeOf(state, hidden), limit);
}

/** The newest first. */
export function listNewest(state, limit) {
  return getLastBy('outbox', 'line', rangeOf(state, false), limit);
}

/** What the server doesn't have whole. */
export function listUnsent() {
  return listBy(...UNSENT);
}

/** The items whose text is with the server and whose media aren't all. */
export function listMediaItems() {
  return listBy('media');
}

/** The words for an item, { label, site }; empty while the phone is locked. */
export async function wordsOf({ id, shown, label = '' }) {
  if (!shown) return { label, site: '' };
  return reveal(shown, `outbox:${id}:shown`).catch(() => ({ label: '', site: '' }));
}

/** The item as it goes over the line or into a file; null when its bytes are damaged and the second copy is too. */
export async function toSubmission(item) {
  const bytes = await wholeBody(item);
  if (!bytes) return null;
  const { id, form, version, wave, finished_at, sha256, media = [] } = item;
  return {
    id, form, version, ...(wave === null ? {} : { wave }), finished_at, sha256, ...(media.length ? { media: media.map(toFacts) } : {}),
    [item.member]: new TextDecoder().decode(bytes),
  };
}

function toFacts({ name, type, size, sha256, sealed }) {
  return { name, type, size, sha256, sealed };
}

async function wholeBody({ id, sha256 }) {
  const bytes = await get('bodies', id).catch(() => null); // a lost blob file is an error of its own
  if (bytes && (await digestOf(bytes)) === sha256) return bytes;
  const copy = await (await second()).find(`o-${id}`);
  if (!copy || (await digestOf(copy.body)) !== sha256) return null;
  await commit([{ store: 'bodies', key: id, value: copy.body }]);
  return copy.body;
}

/** Store what a try brought: `verdicts` is a list of [item, { state, reason?, receipt? }]. */
export async function settle(verdicts) {
  const tried_at = new Date().toISOString();
  const kept_until = Date.now() + (await keepDays()) * DAY;
  const changes = [];
  for (const [{ id }, verdict] of verdicts) {
    const item = await get('outbox', id); // as it is now: it may have been rewritten since the batch was put together
    if (!item || item.state === 'deleted') continue;
    const value = { ...item, tried_at, tries: item.tries + 1, reason: null, ...verdict };
    if (value.state === 'sent') Object.assign(value, value.media?.some(({ sent }) => !sent) ? { state: 'media' } : { kept_until });
    changes.push({ store: 'outbox', key: id, value });
  }
  if (changes.length) await commit(changes);
  tell('queue');
}

/** Store how far the media of an item are; with the last one it is sent. */
export async function settleMedia(id, media) {
  const item = await get('outbox', id);
  if (!item) return;
  const done = media.every(({ sent }) => sent);
  const sent = done && item.state === 'media' ? { state: 'sent', kept_until: Date.now() + (await keepDays()) * DAY } : {};
  await commit([{ store: 'outbox', key: id, value: { ...item, media, ...sent } }]);
  tell('queue');
}

async function keepDays() {
  const { keep_sent_days: days } = (await get('meta', 'catalogue'))?.policies ?? {};
  return Number.isFinite(days) && days >= 0 ? days : KEEP_DAYS;
}

/** Let go of the sealed copies whose days are over, and of the oldest of too many; the receipts stay. */
export async function dropSent(now = Date.now()) {
  const sent = (await listBy('sent')).filter(({ kept_until }) => kept_until !== null).reverse();
  let bytes = 0;
  const over = sent.filter(({ kept_until, size, media = [] }) => {
    bytes += size + media.reduce((sum, each) => sum + each.size, 0);
    return kept_until < now || bytes > KEEP_BYTES;
  });
  if (over.length === 0) return;
  await (await second()).drop(...over.flatMap(copiesOf));
  await commit(over.flatMap((item) => [
    { store: 'outbox', key: item.id, value: { ...item, kept_until: null, shown: null } },
    { store: 'bodies', key: item.id },
    packed(item.id),
  ]));
}

/** Put a refused item, or one that the office asks for again, back into the queue. */
export async function retry(id) {
  const item = await get('outbox', id);
  if (item?.state !== 'refused' && !item?.kept_until) return;
  const media = item.media?.map((each) => ({ ...each, sent: false })) ?? [];
  await commit([{ store: 'outbox', key: id, value: { ...item, media, state: 'waiting', reason: null, kept_until: null } }]);
  tell('queue');
}

/** Delete an item from both copies; the view has asked. A line without content stays. */
export async function deleteItem(id) {
  const item = await get('outbox', id);
  if (!item) return;
  const { form, title, version, finished_at, sha256 } = item;
  await (await second()).drop(...copiesOf(item));
  await commit([
    { store: 'outbox', key: id, value: { id, form, title, version, finished_at, sha256, state: 'deleted', deleted_at: new Date().toISOString() } },
    { store: 'bodies', key: id },
    packed(id),
  ]);
  await noteCanary();
  tell('queue');
}

/** The names of an item's second copies (rooms/keeping/copy.js). */
export function copiesOf({ id, media = [] }) {
  return [`o-${id}`, ...media.map((_, place) => `m-${id}-${place}`)];
}

/** The deletion of an item's files as they are sent (rooms/media/packing.js). */
function packed(id) {
  return { store: 'media', key: IDBKeyRange.bound(`${id}!/`, `${id}!/\uffff`) };
}

function inOrder(items) {
  return items.sort((a, b) => a.finished_at.localeCompare(b.finished_at));
}
