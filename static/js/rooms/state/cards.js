/** The cards of the first screen that say how the phone stands: what was lost, the clock, room, the home screen. */
import { addStyle, h, icon } from '../../h.js';
import { canInstall, install, isKept } from '../../install.js';
import { countQueue } from '../../outbox.js';
import { listOldest } from '../outbox/items.js';
import { commit, get, getKeys } from '../../store.js';
import { addTexts, t, titleOf } from '../../texts.js';
import { emptySince } from '../../vault.js';
import { expireDrafts, seen } from '../drafts/expiring.js';
import { factsOf } from './facts.js';

const MANY = 100;
const some = (n, one, many) => (n === 1 ? one : many.replace('{n}', n));

addTexts({
  lostTitle: ['El teléfono perdió entrevistas', 'The phone lost interviews'],
  backTitle: ['Se recuperó lo que el teléfono perdió', 'What the phone lost was brought back'],
  lostInterviews: [({ n }) => some(n, 'Falta 1 entrevista terminada.', 'Faltan {n} entrevistas terminadas.'), ({ n }) => some(n, '1 finished interview is missing.', '{n} finished interviews are missing.')],
  lostDrafts: [({ n }) => some(n, 'Falta 1 entrevista sin terminar.', 'Faltan {n} entrevistas sin terminar.'), ({ n }) => some(n, '1 unfinished interview is missing.', '{n} unfinished interviews are missing.')],
  lostFiles: [({ n }) => some(n, 'Falta 1 foto o grabación de una entrevista terminada.', 'Faltan {n} fotos o grabaciones de entrevistas terminadas.'), ({ n }) => some(n, '1 photo or recording of a finished interview is missing.', '{n} photos or recordings of finished interviews are missing.')],
  backFiles: [({ n }) => some(n, 'Se recuperó 1 foto o grabación de la segunda copia.', 'Se recuperaron {n} fotos o grabaciones de la segunda copia.'), ({ n }) => some(n, '1 photo or recording was brought back from the second copy.', '{n} photos or recordings were brought back from the second copy.')],
  lostHelp: ['El teléfono dañó o borró lo guardado. Avise hoy a su supervisor; la oficina también recibe este aviso.', 'The phone damaged or deleted what was saved. Tell your supervisor today; the office is told too.'],
  backInterviews: [({ n }) => some(n, 'Se recuperó 1 entrevista terminada de la segunda copia.', 'Se recuperaron {n} entrevistas terminadas de la segunda copia.'), ({ n }) => some(n, '1 finished interview was brought back from the second copy.', '{n} finished interviews were brought back from the second copy.')],
  backDrafts: [({ n }) => some(n, 'Se recuperó 1 entrevista sin terminar; revise las últimas respuestas.', 'Se recuperaron {n} entrevistas sin terminar; revise las últimas respuestas.'), ({ n }) => some(n, '1 unfinished interview was brought back; check its last answers.', '{n} unfinished interviews were brought back; check their last answers.')],
  draftsSoon: [({ n, when }) => some(n, '1 entrevista a medias se borra el {when}. Termínela antes.', '{n} entrevistas a medias se borran desde el {when}. Termínelas antes.').replace('{when}', when), ({ n, when }) => some(n, '1 unfinished interview is deleted on {when}. Finish it before.', '{n} unfinished interviews are deleted from {when} on. Finish them before.').replace('{when}', when)],
  draftsGone: [({ n, days }) => some(n, '1 entrevista a medias se borró', '{n} entrevistas a medias se borraron') + `: llevaba más de ${days} días sin terminar.`, ({ n, days }) => some(n, '1 unfinished interview was deleted', '{n} unfinished interviews were deleted') + `: not finished after ${days} days.`],
  understood: ['Entendido', 'Understood'],
  clockWrong: ['El reloj del teléfono está mal: marca {phone}. Corríjalo en los ajustes de fecha y hora antes de entrevistar. Lo guardado no se pierde.', 'The phone’s clock is wrong: it says {phone}. Correct it in the date and time settings before you interview. Nothing saved is lost.'],
  spaceLow: ['Quedan {n} MB para esta aplicación. Envíe lo pendiente y borre fotos o videos del teléfono.', 'There are {n} MB left for this app. Send what waits and delete photos or videos from the phone.'],
  formUnopened: ['La versión nueva de “{title}” no se puede abrir con esta versión de la aplicación. Siga con la anterior y actualice.', 'The new version of “{title}” cannot be opened by this version of the app. Go on with the one before, and update.'],
  formLarge: ['“{title}” es demasiado grande para este teléfono. Libere espacio o pida otro teléfono. Avise a la oficina.', '“{title}” is too large for this phone. Free some space or ask for another phone. Tell the office.'],
  manyUnsent: [({ n }) => `Hay ${n} entrevistas sin enviar. Busque señal, o guárdelas en un archivo.`, ({ n }) => `${n} interviews are not sent. Find a signal, or save them to a file.`],
  oldUnsent: [({ n }) => some(n, '1 entrevista espera desde hace más de tres días. Busque señal, o guárdela en un archivo.', '{n} entrevistas esperan desde hace más de tres días. Busque señal, o guárdelas en un archivo.'), ({ n }) => some(n, '1 interview has waited for more than three days. Find a signal, or save it to a file.', '{n} interviews have waited for more than three days. Find a signal, or save them to a file.')],
  toOutbox: ['Ir a la bandeja de salida', 'Go to the outbox'],
  coach: ['Antes del primer día de campo', 'Before the first field day'],
  coachHelp: ['Instale la aplicación en la pantalla de inicio: así abre sin señal y el teléfono no borra lo guardado.', 'Put the app on the home screen: it then opens without a signal, and the phone does not delete what is saved.'],
  coachMenu: ['En el menú del navegador, elija “Agregar a la pantalla principal”.', 'In the browser’s menu, choose “Add to home screen”.'],
  notKept: ['El teléfono podría borrar lo guardado si se queda sin espacio. Instale la aplicación y envíe seguido.', 'The phone may delete what is saved when it runs out of space. Install the app and send often.'],
});

/** The cards, most pressing first; `redraw` is called when one is put away. */
export async function cards(redraw) {
  const device = await get('meta', 'device');
  if (!device || emptySince()) return [];
  await addStyle('state');
  const facts = factsOf(await askPhone());
  const { soon, expired } = await expireDrafts();
  return [
    facts.losses ? lossCard(facts.losses, redraw) : null,
    expired ? alertCard(t('draftsGone', expired), away(async () => { await seen(); redraw(); })) : null,
    soon.length ? mild(alertCard(t('draftsSoon', { n: soon.length, when: dayText(Math.min(...soon.map(({ at }) => at))) }))) : null,
    facts.wrongClock === null ? null : alertCard(t('clockWrong', { phone: new Date().toLocaleString(document.documentElement.lang) })),
    facts.space === null ? null : alertCard(t('spaceLow', { n: facts.space })),
    ...facts.unopened.map(({ title, why }) => alertCard(t(why === 'large' ? 'formLarge' : 'formUnopened', { title: titleOf(title) }))),
    facts.old || facts.many ? mild(alertCard(facts.old ? t('oldUnsent', { n: facts.old }) : t('manyUnsent', { n: facts.many }), h('a.plain', { href: '#/outbox' }, t('toOutbox')))) : null,
    facts.coach ? coachCard() : null,
    facts.notKept && !facts.coach ? mild(alertCard(t('notKept'))) : null,
  ].filter(Boolean);
}

/** This phone lost everything, even who it is: said above whatever view shows. */
export async function shout() {
  const losses = await get('meta', 'losses');
  if (!losses || losses.seen) return;
  await addStyle('state');
  const card = lossCard(losses, () => card.remove());
  card.classList.add('shout');
  document.body.prepend(card);
}

/** The oldest of what the server doesn't have: enough to say that some wait too long. */
async function oldest() {
  const lists = await Promise.all(['waiting', 'media', 'refused'].map((state) => listOldest(state, MANY)));
  return lists.flat();
}

async function askPhone() {
  const { usage, quota } = (await navigator.storage?.estimate?.().catch(() => null)) ?? {};
  const [losses, clock, catalogue, drafts, counts, unsent, kept] = await Promise.all([
    get('meta', 'losses'), get('meta', 'clock'), get('meta', 'catalogue'), getKeys('drafts'), countQueue(), oldest(), isKept(),
  ]);
  const installed = matchMedia('(display-mode: standalone)').matches || navigator.standalone === true;
  const begun = drafts.length > 0 || Object.values(counts).some(Boolean);
  const finished = unsent.map(({ finished_at }) => finished_at);
  return { now: Date.now(), losses, clock, usage, quota, kept, unopened: catalogue?.unopened, unsent: finished, installed, begun };
}

function lossCard(losses, redraw) {
  const { interviews, drafts, files = 0, restored, restoredDrafts, backFiles } = losses;
  const said = (...lines) => lines.filter(([, n]) => n).map(([key, n]) => h('li', {}, t(key, { n })));
  const lost = said(['lostInterviews', interviews], ['lostDrafts', drafts], ['lostFiles', files]);
  const back = said(['backInterviews', restored], ['backDrafts', restoredDrafts], ['backFiles', backFiles]);
  const put = async () => {
    await commit([{ store: 'meta', key: 'losses', value: { ...losses, seen: true } }]);
    redraw();
  };
  return h('div.card.alert', { role: 'alert' },
    icon('warn'), h('h2', {}, t(lost.length ? 'lostTitle' : 'backTitle')),
    lost.length ? [h('ul', {}, lost), h('p', {}, t('lostHelp'))] : null,
    back.length ? h('ul.back', {}, back) : null,
    away(put));
}

function away(onclick) {
  return h('button.plain', { type: 'button', onclick }, t('understood'));
}

/** "martes, 14:00" */
function dayText(at) {
  return new Date(at).toLocaleString(document.documentElement.lang, { weekday: 'long', day: 'numeric', hour: 'numeric', minute: '2-digit' });
}

function alertCard(words, ...more) {
  return h('div.card.alert', { role: 'status' }, icon('warn'), h('p', {}, words), ...more);
}

/** Worth knowing, and nothing has happened yet. */
function mild(card) {
  card.classList.add('is-mild');
  return card;
}

function coachCard() {
  return h('section.card.coach', { 'aria-labelledby': 'coach' },
    h('h2', { id: 'coach' }, t('coach')), h('p', {}, t('coachHelp')),
    canInstall() ? h('button.plain', { type: 'button', onclick: install }, t('install')) : h('p.small', {}, t('coachMenu')));
}
