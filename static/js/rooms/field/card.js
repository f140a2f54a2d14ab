/** The card with places that help: a box over the page, in the language of the moment. It is in no address and no history. */
import { h, openDialog } from '../../h.js';
import { language, t } from '../../texts.js';
import './texts.js';

export function showCard(referral) {
  const words = referral[language()] || referral.es || '';
  const box = h('dialog.referral', { 'aria-labelledby': 'referral' },
    h('h2', { id: 'referral' }, t('card')),
    h('ul.places', {}, words.split('\n').filter((line) => line.trim()).map((line) => h('li', {}, line.trim()))),
    referral.dated ? h('p.small', {}, t('cardDated', { day: referral.dated })) : null,
    h('p.small', {}, t('cardHelp')),
    h('form', { method: 'dialog' }, h('button.main.wide', { autofocus: true }, t('close'))));
  openDialog(box);
}
