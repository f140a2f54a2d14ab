/** The first screen: what is saved and unsent, interviews to go on with, forms to begin. */
import { listen } from '../bus.js';
import { listDrafts } from '../drafts.js';
import { h, icon } from '../h.js';
import { onInstallChange, takeUpdate, updateIsReady } from '../install.js';
import { keyAlarm } from '../keys.js';
import { get } from '../store.js';
import { syncNow } from '../sync.js';
import { language, t, titleOf } from '../texts.js';
import { enrolView } from './enrol.js';
import { draftRows } from './drafts.js';
import { languageButton, queueCard, takeNotice } from './parts.js';
import { stateCards } from './state.js';

export async function homeView(_, { signal }) {
  const device = await get('meta', 'device');
  if (!device) {
    history.replaceState(null, '', '#/enrol');
    return enrolView('', { signal });
  }
  const page = h('div.page.home');
  const draw = async () => page.replaceChildren(...(await contents(device, signal)));
  listen(['drafts', 'catalogue', 'field'], draw, signal);
  onInstallChange(draw, signal);
  await draw();
  return page;
}

async function contents(device, signal) {
  const catalogue = await get('meta', 'catalogue');
  const drafts = await listDrafts();
  const programme = catalogue?.programme ?? device.programme;
  return [
    h('header.bar', {}, h('h1', { tabindex: -1 }, t('app')), languageButton()),
    h('main', {},
      programme?.demo ? h('p.demo', {}, t('demo')) : null,
      notice(),
      ...(await fieldwork(catalogue)),
      stateCards(signal),
      await keyAlarm(),
      updateIsReady() ? updateBanner() : null,
      await queueCard(signal),
      drafts.length ? h('section', {}, h('h2', {}, t('drafts')), draftRows(drafts, catalogue?.forms)) : null,
      h('section', {}, h('h2', {}, t('newInterview')), formList(catalogue?.forms ?? []))),
    h('footer.foot', {}, h('a.quiet', { href: '#/phone' }, icon('phone'), h('span', {}, device.label || t('phone')))),
  ];
}

/** What the team is to do; its room is loaded once the office has told this phone of fieldwork. */
async function fieldwork(catalogue) {
  if (!catalogue?.field) return [];
  return (await import('../rooms/field/summary.js')).fieldSummary(catalogue.forms);
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

function formList(forms) {
  if (forms.length === 0) {
    return h('div.card.empty', {},
      h('p', {}, t('noForms')), h('p.small', {}, t('noFormsHelp')),
      h('button.plain', { onclick: () => syncNow({ catalogue: true }) }, t('getForms')));
  }
  const title = ({ title: each }) => titleOf(each);
  const inOrder = forms.toSorted((a, b) => Boolean(b.wave) - Boolean(a.wave) || title(a).localeCompare(title(b), language()));
  return h('ul.list', {}, inOrder.map((entry) => h('li', {},
    h('a.card.row', { href: `#/fill/${encodeURIComponent(`new:${entry.id}`)}` },
      h('span.words', {},
        h('strong', {}, titleOf(entry.title)),
        h('span.small', {}, entry.wave ? titleOf(entry.wave.name) : t('noWave'))),
      h('span.badge', {}, icon('plus'))))));
}
