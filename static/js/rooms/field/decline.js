/**
 * A team may decline a site, without giving reasons and without being behind for it: every dwelling there that has no result
 * yet is noted as not reached for safety, in one step, sealed and sent like any visit. Whether another site stands in is the
 * office's to decide.
 */
import { confirm } from '../../views/asking.js';
import { h } from '../../h.js';
import { syncNow } from '../../sync.js';
import { addTexts, t } from '../../texts.js';
import { draftOf, prepare } from './begin.js';

const CONTACT = 'ssr_contact';
const NOT_SAFE = '31';

addTexts({
  decline: ['No podemos trabajar aquí', 'We cannot work here'],
  declineWhy: ['Nadie tiene que entrar donde no es seguro ni explicar por qué. La oficina recibe el lugar como “no se pudo llegar por seguridad” y decide si otro lo sustituye. No cuenta como atraso.', 'Nobody has to go where it is not safe, or explain why. The office gets the place as “could not reach for safety” and decides whether another stands in for it. It does not count as being behind.'],
  declineDo: ['Declinar este lugar', 'Decline this place'],
  declineAsk: ['¿Declinar {code}? Se anota en sus viviendas sin resultado. Si después se puede entrar, anote visitas como siempre.', 'Decline {code}? It is noted for its dwellings without a result. If it can be reached later, note visits as always.'],
});

/** The way to it: `visits` are [{ answers, link }] for form H, one for each dwelling without a result. */
export function declining(code, visits) {
  const decline = async () => {
    if (!(await confirm(t('declineAsk', { code }), t('declineDo')))) return;
    for (const each of visits) await noteOne(each);
    syncNow();
  };
  return h('details.card.decline', {}, h('summary', {}, t('decline')),
    h('div.stack', {}, h('p.small', {}, t('declineWhy')), h('button.plain', { type: 'button', onclick: decline }, t('declineDo'))));
}

/** A form that asks more than this one does is left as a draft for the person to finish. */
async function noteOne({ answers, link }) {
  if (await draftOf(CONTACT, link.case)) return;
  const filling = await prepare(CONTACT, { ...answers, disp: NOT_SAFE, subst: '0', sec: '0' }, link);
  if (filling.problems().length === 0) await filling.finish();
}
