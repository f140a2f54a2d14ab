/**
 * The browser can't open the database any more, and trying again doesn't help: the database is given up, and what the second
 * copy has is put into a new one (rooms/keeping/compare.js does that at the next start, and says what is gone). Where the
 * browser can't even delete the old one, the new one lies in a storage bucket of its own.
 */
import { h, icon } from '../../h.js';
import { MOVED, NAME } from '../../store.js';
import { addTexts, t } from '../../texts.js';
import { names, readCanary } from './copy.js';

addTexts({
  repairTitle: ['Reparar lo guardado', 'Repair the storage'],
  repairWhy: ['La base de datos de este teléfono se dañó y el navegador ya no la abre. Se puede empezar una nueva con la segunda copia.', 'The database of this phone is damaged and the browser can no longer open it. A new one can be begun from the second copy.'],
  repairThere: ['Terminadas sin enviar', 'Finished, not sent'],
  repairDrafts: ['A medias', 'Unfinished'],
  repairOf: ['{n} de {all} en la segunda copia', '{n} of {all} in the second copy'],
  repairForms: ['Los formularios se descargan otra vez cuando haya señal.', 'The forms are downloaded again when there is a signal.'],
  repairLess: ['Lo que no está en la segunda copia se pierde. Si puede, antes cierre la aplicación, reinicie el teléfono e intente otra vez.', 'What is not in the second copy is lost. If you can, first close the app, restart the phone and try again.'],
  repairDo: ['Reparar ahora', 'Repair now'],
  repairFailed: ['No se pudo. Reinicie el teléfono e intente otra vez; no borre los datos del navegador: la segunda copia está ahí.', 'It did not work. Restart the phone and try again; do not clear the browser data: the second copy is in it.'],
});

/** What is there to begin anew with, and the button that does. */
export async function view() {
  const files = (await names()) ?? [];
  const canary = readCanary();
  const drafts = new Set(files.filter((name) => name.startsWith('d-')).map((name) => name.slice(2, -2)));
  const items = files.filter((name) => name.startsWith('o-')).map((name) => name.slice(2));
  const lines = [['repairThere', canary.outbox, new Set(items)], ['repairDrafts', canary.drafts, drafts]].map(([key, all, copied]) => {
    const n = all.filter((id) => copied.has(id)).length;
    return { key, n, all: all.length, less: n < all.length };
  });
  const message = h('p.message', { role: 'alert' });
  const button = h('button.main', { type: 'button', onclick: async () => {
    button.disabled = true;
    if (await repair()) return location.reload();
    button.disabled = false;
    return message.append(t('repairFailed'));
  } }, t('repairDo'));
  return h('div.page', {}, h('header.bar', {}, h('h1', { tabindex: -1 }, t('repairTitle'))), h('main.stack', {},
    h('p.lead', {}, t('repairWhy')),
    h('dl.card.facts', {}, lines.map(({ key, n, all }) => [h('dt', {}, t(key)), h('dd', {}, t('repairOf', { n, all }))])),
    lines.some(({ less }) => less) ? h('p.card.alert', {}, icon('warn'), t('repairLess')) : null,
    h('p.small', {}, t('repairForms')), message, button,
    h('button.plain', { type: 'button', onclick: () => location.reload() }, t('tryAgain'))));
}

/** A database that opens, empty; false when this browser can make none. */
export async function repair() {
  await asked(() => indexedDB.deleteDatabase(NAME)).catch(() => {});
  if (await opens(indexedDB)) {
    localStorage.removeItem(MOVED);
    return true;
  }
  const bucket = `moved-${Date.now()}`;
  const made = await navigator.storageBuckets?.open(bucket, { durability: 'strict', persisted: true }).catch(() => null);
  if (!made || !(await opens(made.indexedDB))) return false;
  localStorage.setItem(MOVED, bucket);
  return true;
}

function opens(databases) {
  return asked(() => databases.open('try')).then((database) => {
    database.close();
    return asked(() => databases.deleteDatabase('try'));
  }).then(() => true, () => false);
}

function asked(ask) {
  return new Promise((resolve, reject) => {
    const request = ask();
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new DOMException('another tab holds it', 'BlockedError'));
  });
}
