/**
 * Finished interviews, until the server has them. An item is
 *
 *   { id, form, title, version, wave, label, finished_at, sha256, size, state, tries, tried_at, reason, receipt }
 *
 * state   'waiting'   not with the server yet; `reason` says what the last try met
 *         'sent'      the server answered with our digest after its commit: the body is gone, the receipt stays
 *         'refused'   the server said no and why: kept whole, can be sent again or saved to a file
 * Its body is in the store `bodies` under the same id, until it is sent.
 */
import { digestOf } from './api.js';
import { tell } from './bus.js';
import { carriedOver } from './carried.js';
import { commit, get, getAll } from './store.js';

/**
 * The place of the seal. What this returns is what lies on the phone and crosses the line. Bodies are not encrypted yet:
 * they are the interview's XML as it is, and the screen "This phone" says so.
 */
export async function seal(bytes, wave) { // eslint-disable-line no-unused-vars
  return { member: 'xml', bytes };
}

/** Move a finished interview from the drafts to the outbox: all of it in one transaction, or nothing. */
export async function finish(draft, form, xml) {
  const plain = new TextEncoder().encode(xml);
  const { member, bytes } = await seal(plain, draft.wave);
  const { id, form: formId, title, version, wave, label } = draft;
  const item = {
    id, form: formId, title, version, wave, label,
    finished_at: new Date().toISOString(), sha256: await digestOf(plain), member, size: bytes.length,
    state: 'waiting', tries: 0, tried_at: null, reason: null, receipt: null,
  };
  const carried = carriedOver(form, xml);
  await commit([
    { store: 'outbox', key: id, value: item },
    { store: 'bodies', key: id, value: bytes },
    { store: 'drafts', key: id },
    ...(carried ? [{ store: 'carried', key: formId, value: carried }] : []),
  ]);
  tell('queue');
  return item;
}

/** Every item, the oldest first. */
export async function listItems() {
  return (await getAll('outbox')).sort((a, b) => a.finished_at.localeCompare(b.finished_at));
}

/** How many wait and how many were refused: the two numbers that are always in sight. */
export async function countQueue() {
  const counts = { waiting: 0, refused: 0, sent: 0 };
  for (const item of await getAll('outbox')) counts[item.state] += 1;
  return counts;
}

/** The item as it goes over the line or into a file. */
export async function toSubmission(item) {
  const bytes = await get('bodies', item.id);
  const { id, form, version, wave, finished_at, sha256 } = item;
  return { id, form, version, ...(wave === null ? {} : { wave }), finished_at, sha256, [item.member]: new TextDecoder().decode(bytes) };
}

/** Store what a try brought: `verdicts` is a list of [item, { state, reason?, receipt? }]. */
export async function settle(verdicts) {
  const tried_at = new Date().toISOString();
  const changes = verdicts.flatMap(([item, verdict]) => {
    const value = { ...item, tried_at, tries: item.tries + 1, reason: null, ...verdict };
    if (value.state !== 'sent') return [{ store: 'outbox', key: item.id, value }];
    return [{ store: 'outbox', key: item.id, value: { ...value, label: '' } }, { store: 'bodies', key: item.id }];
  });
  if (changes.length) await commit(changes);
  tell('queue');
}

/** Put a refused item back into the queue. */
export async function retry(id) {
  const item = await get('outbox', id);
  if (item?.state !== 'refused') return;
  await commit([{ store: 'outbox', key: id, value: { ...item, state: 'waiting', reason: null } }]);
  tell('queue');
}

/** All that the server doesn't have, as one file that the office can read in. The name says nothing. */
export async function unsentFile(device) {
  const items = (await listItems()).filter((item) => item.state !== 'sent');
  const submissions = [];
  for (const item of items) submissions.push(await toSubmission(item));
  const document = { format: 'survey-outbox', protocol: 1, device: { id: device.id, label: device.label }, saved_at: new Date().toISOString(), submissions };
  const stamp = document.saved_at.slice(0, 16).replace(/\D/g, '');
  return new File([JSON.stringify(document)], `encuesta-${stamp}.json`, { type: 'application/json' });
}
