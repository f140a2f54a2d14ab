/** The end of an interview: sealed, copied, moved from the drafts to the outbox and read back. */
import { digestOf } from './api.js';
import { tell } from './bus.js';
import { carriedOver } from './carried.js';
import { belongings, isStill, protectDraft } from './drafts.js';
import { forgetDraft, noteCanary, second } from './keeping.js';
import { commit, get, getKeys, StoreFailed } from './store.js';
import { seal } from './seal.js';
import { addTexts } from './texts.js';
import { protect } from './vault.js';

addTexts({
  noKey: ['Todavía no está aquí la llave con que se sella. La entrevista queda guardada como borrador: conéctese, espere a que lleguen los formularios y termínela entonces.', 'The key to seal it with is not here yet. The interview stays saved as a draft: get a signal, wait for the forms to arrive and finish it then.'],
});

/**
 * Move a finished interview from the drafts to the outbox, sealed: a flushed second copy of it and of its files, then all of
 * it in one transaction, or nothing; then it is read back. Throws NoKey while the office has named no key to seal to.
 */
export async function finish(draft, form, xml) {
  const { id, form: formId, title, version, wave, label, site } = draft;
  const { member, bytes, sha256 } = await seal(new TextEncoder().encode(xml), wave, { id, form: formId, version });
  const media = await packedMedia(draft, form, xml);
  const item = {
    id, form: formId, title, version, wave, finished_at: new Date().toISOString(), sha256, member, size: bytes.length, media,
    shown: await protect({ label, site }, `outbox:${id}:shown`),
    state: 'waiting', tries: 0, tried_at: null, reason: null, receipt: null, kept_until: null,
  };
  const carried = await carriedOver(form, xml);
  item.second = await (await second()).put(`o-${id}`, { item, body: bytes });
  await commit([
    { store: 'outbox', key: id, value: item },
    { store: 'bodies', key: id, value: bytes },
    { store: 'drafts', key: id },
    ...belongings(id, { packed: false }),
    ...(carried ? [{ store: 'carried', key: formId, value: await protect(carried, `carried:${formId}`) }] : []),
  ], isStill(draft));
  await readBack(item, draft);
  forgetDraft(id);
  await noteCanary();
  tell('queue');
  tell('drafts');
  return item;
}

/** Is what the disk gives back what was written? If not, the draft comes back and the user is told. */
async function readBack(item, draft) {
  const kept = await get('bodies', item.id);
  if (kept && (await digestOf(kept)) === item.sha256) return;
  await commit([{ store: 'drafts', key: item.id, value: await protectDraft(draft) }, { store: 'outbox', key: item.id }]);
  throw new StoreFailed(new DOMException('the phone gave back other bytes', 'DataError'));
}

/** The pictures and sounds of an interview, sealed and copied; the room is only entered by forms that ask for some. */
async function packedMedia(draft, { binds }, xml) {
  const asks = new Set(binds.filter(({ type }) => type === 'binary').map(({ ref }) => ref));
  if (asks.size === 0 && (await getKeys('media', `${draft.id}/`)).length === 0) return [];
  const { packMedia } = await import('./rooms/media/packing.js');
  return packMedia(draft, xml, asks);
}
