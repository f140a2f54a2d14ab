/**
 * A restricted report is written after leaving: not at the place, and not in the first minutes after a visit. Whoever has to
 * write it now all the same may.
 */
import { h, icon } from '../../h.js';
import { addTexts, t } from '../../texts.js';
import { bar } from '../../views/parts.js';
import { showCard } from './card.js';
import { readOffice, recall } from './log.js';
import './texts.js';

const AFTER = 20 * 60_000;

addTexts({
  laterTitle: ['Escríbalo después de salir', 'Write it after leaving'],
  laterWhy: ['Este reporte no se llena en el lugar ni en los 20 minutos siguientes a la visita. Primero póngase a salvo.', 'This report is not written at the place, nor in the 20 minutes after a visit. Get to safety first.'],
  laterWait: [({ n }) => (n === 1 ? 'Falta 1 minuto.' : `Faltan ${n} minutos.`), ({ n }) => (n === 1 ? '1 minute to go.' : `${n} minutes to go.`)],
  laterVisit: ['La visita sigue abierta. Termínela al salir.', 'The visit is still open. End it when you leave.'],
  laterNow: ['Estoy a salvo: escribirlo ahora', 'I am safe: write it now'],
});

/** What stands before the report now, or null; `write()` goes on all the same. */
export async function waitView(write) {
  const [watch, left, office] = [await recall('watch'), await recall('left'), await readOffice()];
  const minutes = left ? Math.ceil((Date.parse(left.at) + AFTER - Date.now()) / 60_000) : 0;
  if (!watch && minutes <= 0) return null;
  return h('div.page', {}, bar(t('laterTitle')), h('main.stack', {},
    h('p.card.notice', { role: 'status' }, icon('warn'), h('span', {}, t('laterWhy'))),
    h('p', {}, watch ? t('laterVisit') : t('laterWait', { n: minutes })),
    office.referral ? h('button.plain', { type: 'button', onclick: () => showCard(office) }, t('callNumbers')) : null,
    h('button.quiet', { type: 'button', onclick: write }, t('laterNow'))));
}
