/** The first screen: what is saved and unsent, interviews to go on with, forms to begin. */
import { listen } from '../bus.js';
import { deleteDraft, listDrafts } from '../drafts.js';
import { h, icon } from '../h.js';
import { onInstallChange, takeUpdate, updateIsReady } from '../install.js';
import { go } from '../router.js';
import { get } from '../store.js';
import { syncNow } from '../sync.js';
import { ageText, language, t, titleOf } from '../texts.js';
import { enrolView } from './enrol.js';
import { confirm, languageButton, queueCard, takeNotice } from './parts.js';

export async function homeView(_, { signal }) {
  const device = await get('meta', 'device');
  if (!device) {
    history.replaceState(null, '', '#/enrol');
    return enrolView('', { signal });
  }
  const page = h('div.page.home');
  const draw = async () => page.replaceChildren(...(await contents(device, signal)));
  listen(['drafts', 'catalogue'], draw, signal);
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
      updateIsReady() ? updateBanner() : null,
      await queueCard(signal),
      drafts.length ? h('section', {}, h('h2', {}, t('drafts')), h('ul.list', {}, drafts.map(draftRow))) : null,
      h('section', {}, h('h2', {}, t('newInterview')), formList(catalogue?.forms ?? []))),
    h('footer.foot', {}, h('a.quiet', { href: '#/phone' }, icon('phone'), h('span', {}, device.label || t('phone')))),
  ];
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

function draftRow(draft) {
  const share = draft.total ? Math.round((100 * draft.done) / draft.total) : 0;
  return h('li.card.draft', {},
    h('a.row', { href: `#/fill/${encodeURIComponent(draft.id)}` },
      h('span.words', {},
        h('strong', {}, draft.label || t('draftUntitled')),
        h('span.small', {}, titleOf(draft.title)),
        h('progress', { max: 100, value: share, 'aria-label': t('draftProgress', draft) }),
        h('span.small', {}, `${t('draftProgress', draft)} · ${ageText(draft.saved_at)}`))),
    h('button.icon-button', { 'aria-label': `${t('deleteDraft')}: ${draft.label || titleOf(draft.title)}`, onclick: () => askDelete(draft) }, icon('bin')));
}

async function askDelete(draft) {
  if (await confirm(t('deleteDraftAsk'), t('yesDelete'))) {
    await deleteDraft(draft.id);
    go('#/');
  }
}
