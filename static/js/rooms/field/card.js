/** The card with places that help: a box over the page, in the language of the moment. It is in no address and no history. */
import { h, openDialog } from '../../h.js';
import { language, t } from '../../texts.js';
import './texts.js';

/** The programme's list, and before it those of the departments where this team works today. */
export function showCard({ referral, assignments = [] }) {
  const places = new Map(assignments.map(({ site }) => [site.department, site.department_name ?? site.department]));
  const near = [...places].map(([code, name]) => [name, referral.departments?.[code]]).filter(([, words]) => words);
  const box = h('dialog.referral', { 'aria-labelledby': 'referral' },
    h('h2', { id: 'referral' }, t('card')),
    near.map(([name, words]) => [h('h3', {}, t('cardArea', { name })), list(words)]),
    list(referral),
    referral.dated ? h('p.small', {}, t('cardDated', { day: referral.dated })) : null,
    h('p.small', {}, t('cardHelp')),
    h('form', { method: 'dialog' }, h('button.main.wide', { autofocus: true }, t('close'))));
  openDialog(box);
}

function list(words) {
  const said = words[language()] || words.es || '';
  return h('ul.places', {}, said.split('\n').filter((line) => line.trim()).map((line) => h('li', {}, line.trim())));
}
