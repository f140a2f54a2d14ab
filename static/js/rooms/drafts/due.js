/** How long an unfinished interview still stays, in its row of the first screen: nothing before the last two days. */
import { addTexts, t } from '../../texts.js';
import { dueAt } from './expiring.js';

const HOUR = 3_600_000;
const some = (n, one, many) => (n === 1 ? one : many.replace('{n}', n));

addTexts({
  dueDays: [({ n }) => some(n, 'Se borra en 1 día', 'Se borra en {n} días'), ({ n }) => some(n, 'Deleted in 1 day', 'Deleted in {n} days')],
  dueHours: [({ n }) => some(n, 'Se borra en 1 hora', 'Se borra en {n} horas'), ({ n }) => some(n, 'Deleted in 1 hour', 'Deleted in {n} hours')],
  dueNow: ['Termínela ya: se borra pronto', 'Finish it now: it is deleted soon'],
});

export function sayDue(place, draft, policies) {
  const hours = (dueAt(draft, policies) - Date.now()) / HOUR;
  if (hours > 48) return;
  place.hidden = false;
  place.textContent = hours <= 1 ? t('dueNow') : hours < 24 ? t('dueHours', { n: Math.round(hours) }) : t('dueDays', { n: Math.round(hours / 24) });
}
