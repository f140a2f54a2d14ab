/** Unfinished interviews as a list: which form, where, how far, how long ago, and whether its form has a newer version. */
import { deleteDraft } from '../drafts.js';
import { h, icon } from '../h.js';
import { addTexts, ageText, t, titleOf } from '../texts.js';
import { confirm } from './asking.js';

addTexts({
  draftProgress: ['{done} de unas {total}', '{done} of about {total}'],
  draftUntitled: ['Sin identificar', 'Not identified yet'],
  deleteDraftAsk: ['¿Borrar esta entrevista sin terminar? Sus respuestas se pierden.', 'Delete this unfinished interview? Its answers will be lost.'],
  draftNewer: ['Hay una versión nueva del formulario', 'The form has a newer version'],
});

/** A row per draft; `forms` are the catalogue's entries, `policies` the programme's. */
export function draftRows(drafts, { forms = [], policies } = {}) {
  return h('ul.list', {}, drafts.map((draft) => draftRow(draft, newerForm(draft, forms), policies)));
}

/** The version that new interviews of this draft's form are begun with, when it isn't the draft's own. */
export function newerForm(draft, forms) {
  const entry = forms.find(({ id }) => id === draft.form);
  return entry && entry.hash !== draft.hash ? entry : null;
}

function draftRow(draft, newer, policies) {
  const share = draft.total ? Math.round((100 * draft.done) / draft.total) : 0;
  const name = draft.label || draft.site || t('draftUntitled');
  const due = h('span.small.due', { hidden: true });
  import('../rooms/drafts/due.js').then(({ sayDue }) => sayDue(due, draft, policies)).catch(() => {});
  return h('li.card.draft', {},
    h('a.row', { href: `#/fill/${encodeURIComponent(draft.id)}` },
      h('span.words', {},
        h('strong', {}, name),
        h('span.small', {}, [titleOf(draft.title), draft.label && draft.site].filter(Boolean).join(' · ')),
        h('progress', { max: 100, value: share, 'aria-label': t('draftProgress', draft) }),
        h('span.small', {}, `${t('draftProgress', draft)} · ${ageText(draft.saved_at)}`), due)),
    h('button.icon-button', { 'aria-label': `${t('deleteDraft')}: ${name}`, onclick: () => askDelete(draft) }, icon('bin')),
    newer ? h('a.quiet.move', { href: `#/move/${encodeURIComponent(draft.id)}` }, h('span', {}, t('draftNewer')), icon('next')) : null);
}

async function askDelete(draft) {
  if (await confirm(t('deleteDraftAsk'), t('yesDelete'))) await deleteDraft(draft.id);
}
