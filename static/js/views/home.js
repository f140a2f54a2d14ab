/** The first screen: what is saved and unsent, interviews to go on with, forms to begin. */
import { listen } from '../bus.js';
import { listDrafts } from '../drafts.js';
import { addStyle, fill, h, icon, untouched } from '../h.js';
import { isArriving, onInstallChange, takeUpdate, updateIsReady } from '../install.js';
import { keyAlarm } from '../keys.js';
import { get } from '../store.js';
import { syncNow } from '../sync.js';
import { go } from '../router.js';
import { addTexts, language, t, titleOf } from '../texts.js';
import { languageButton, queueCard, takeNotice } from './parts.js';
import { stateCards } from './state.js';

addTexts({
  formComing: ['Viene en camino. Tóquelo para que llegue antes que los otros.', 'On its way. Touch it to have it before the others.'],
  arriving: ['Sigue llegando lo que hace falta para trabajar sin señal. Deje abierta la aplicación.', 'What is needed to work without a signal is still coming. Leave the app open.'],
});

/** The form that somebody touched before it was there. */
let wanted = null;

export async function homeView(_, { signal }) {
  const device = await get('meta', 'device');
  if (!device) {
    history.replaceState(null, '', '#/enrol');
    return (await import('./enrol.js')).enrolView('', { signal });
  }
  const page = h('div.page.home');
  let drawn = Promise.resolve();
  const [told, cards] = [notice(), stateCards(signal)]; // they stay while the view is drawn anew
  const drawNow = async () => {
    const nodes = await contents(device, told, cards, signal);
    await untouched(page);
    fill(page, ...nodes);
  };
  const draw = () => { drawn = drawn.catch(() => {}).then(drawNow); return drawn; }; // in turn: the newest news come last
  const drawAgain = () => draw().catch(() => {}); // what was on the screen stays; the phone may just have locked
  listen(['drafts', 'catalogue', 'field'], drawAgain, signal);
  onInstallChange(drawAgain, signal);
  await draw();
  return page;
}

async function contents(device, told, cards, signal) {
  const catalogue = await get('meta', 'catalogue');
  const drafts = await listDrafts();
  const programme = catalogue?.programme ?? device.programme;
  return [
    h('header.bar', {}, h('h1', { tabindex: -1 }, t('app')), languageButton()),
    h('main', {},
      programme?.demo ? h('p.demo', {}, t('demo')) : null,
      told,
      ...(await fieldwork(catalogue)),
      cards,
      await keyAlarm(),
      updateIsReady() ? updateBanner() : null,
      await queueCard(signal),
      await unfinished(drafts, catalogue),
      h('section', {}, h('h2', {}, t('newInterview')), formList(catalogue?.forms ?? [], catalogue?.coming ?? [])),
      catalogue && (isArriving() || !catalogue.asked_at) ? h('p.telling', { role: 'status' }, icon('waiting'), h('span', {}, t('arriving'))) : null),
    h('footer.foot', {}, h('a.quiet', { href: '#/phone' }, icon('phone'), h('span', {}, device.label || t('phone')))),
  ];
}

/** What the team is to do; its room is loaded once the office has told this phone of fieldwork. */
async function fieldwork(catalogue) {
  if (!catalogue?.field) return [];
  return (await import('../rooms/field/summary.js')).fieldSummary(catalogue.forms);
}

async function unfinished(drafts, catalogue) {
  if (drafts.length === 0) return null;
  const [{ draftRows }] = await Promise.all([import('./drafts.js'), addStyle('state')]);
  return h('section', {}, h('h2', {}, t('drafts')), draftRows(drafts, catalogue ?? {}));
}

function notice() {
  const text = takeNotice();
  return text ? h('p.card.notice', { role: 'status' }, icon('check'), text) : null;
}

function updateBanner() {
  return h('div.card.banner', { role: 'status' },
    h('span', {}, t('updateReady')),
    h('button.plain', { onclick: takeUpdate }, t('updateNow')));
}

function formList(forms, coming) {
  if (forms.some(({ id }) => id === wanted)) begin(wanted);
  if (forms.length + coming.length === 0) {
    return h('div.card.empty', {},
      h('p', {}, t('noForms')), h('p.small', {}, t('noFormsHelp')),
      h('button.plain', { onclick: () => syncNow({ catalogue: true }) }, t('getForms')));
  }
  const title = ({ title: each }) => titleOf(each);
  const inOrder = [...forms, ...coming].toSorted((a, b) => Boolean(b.wave) - Boolean(a.wave) || title(a).localeCompare(title(b), language()));
  return h('ul.list', {}, inOrder.map((entry) => h('li', {},
    coming.includes(entry) ? onItsWay(entry) : h('a.card.row', { href: addressOf(entry.id) }, ...wordsOf(entry), h('span.badge', {}, icon('plus'))))));
}

/** On a new phone its form may be asked for before it is there: it comes next, and opens when it has. */
function onItsWay(entry) {
  const choose = async () => {
    wanted = entry.id;
    (await import('../rooms/sync/catalogue.js')).want(entry.id);
  };
  return h('button.card.row', { type: 'button', onclick: choose }, ...wordsOf(entry, t('formComing')), h('span.badge', {}, icon('waiting')));
}

function wordsOf({ title, wave }, more = wave ? titleOf(wave.name) : t('noWave')) {
  return [h('span.words', {}, h('strong', {}, titleOf(title)), h('span.small', {}, more))];
}

function addressOf(id) {
  return `#/fill/${encodeURIComponent(`new:${id}`)}`;
}

function begin(id) {
  wanted = null;
  go(addressOf(id));
}
