/** What an app from before protection left in clear, rewritten protected: once, as soon as the phone is unlocked. */
import { protectDraft } from '../../drafts.js';
import { commit, get, getAll, getKeys } from '../../store.js';
import { protect } from '../../vault.js';

/** Returns when nothing that can carry an answer is in clear any more. */
export async function protectOlder() {
  if (await get('meta', 'protected')) return;
  const changes = [{ store: 'meta', key: 'protected', value: 2 }];
  for (const draft of await getAll('drafts')) {
    if (!draft.body && draft.xml) changes.push({ store: 'drafts', key: draft.id, value: await protectDraft({ site: '', revision: 0, ...draft }) });
  }
  for (const { label, ...item } of await getAll('outbox')) {
    if (label === undefined) continue;
    const shown = label ? await protect({ label, site: '' }, `outbox:${item.id}:shown`) : null;
    changes.push({ store: 'outbox', key: item.id, value: { media: [], second: false, kept_until: null, ...item, shown } });
  }
  for (const form of await getKeys('carried')) {
    const xml = await get('carried', form);
    if (typeof xml === 'string') changes.push({ store: 'carried', key: form, value: await protect(xml, `carried:${form}`) });
  }
  await commit(changes);
}
