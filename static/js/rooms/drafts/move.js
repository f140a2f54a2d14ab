/** Moving an unfinished interview to a newer version of its form: first what would happen, then a question, then it does. */
import { holdDraft } from '../../drafts.js';
import { addStyle, h, icon } from '../../h.js';
import { go } from '../../router.js';
import { get } from '../../store.js';
import { addTexts, t, titleOf } from '../../texts.js';
import { bar } from '../../views/parts.js';
import { move, previewMove } from './moving.js';

const some = (n, one, many) => (n === 1 ? one : many.replace('{n}', n));

addTexts({
  move: ['Pasar a la versión nueva', 'Move to the newer version'],
  moveFrom: ['De la versión {from} a la {to}', 'From version {from} to {to}'],
  moveKept: [({ n }) => some(n, '1 respuesta pasa igual', '{n} respuestas pasan igual'), ({ n }) => some(n, '1 answer moves as it is', '{n} answers move as they are')],
  moveLost: [({ n }) => some(n, '1 respuesta no pasa', '{n} respuestas no pasan'), ({ n }) => some(n, '1 answer does not move', '{n} answers do not move')],
  moveNothingLost: ['No se pierde ninguna respuesta.', 'No answer is lost.'],
  moveFresh: [({ n }) => some(n, '1 pregunta nueva por contestar', '{n} preguntas nuevas por contestar'), ({ n }) => some(n, '1 new question to answer', '{n} new questions to answer')],
  moveWhy: {
    gone: ['la pregunta ya no existe', 'the question is gone'],
    choice: ['esa opción ya no existe', 'that choice is gone'],
    type: ['ya no se contesta así', 'it is not answered like that any more'],
  },
  moveDo: ['Pasar la entrevista', 'Move the interview'],
  moveStay: ['Dejarla como está', 'Leave it as it is'],
  moveHelp: ['Hasta que toque el botón no cambia nada. Anote lo que no pasa.', 'Nothing changes until you tap the button. Note down what does not move.'],
  moveCant: ['No se puede pasar ahora: falta uno de los formularios, o no hay versión nueva.', 'It cannot be moved now: one of the forms is missing, or there is no newer version.'],
});

export async function view(id, { signal }) {
  await addStyle('state');
  const letGo = await holdDraft(id);
  if (!letGo) return plain(t('openElsewhere'));
  signal.addEventListener('abort', letGo);
  const preview = await look(id);
  if (!preview) return plain(t('moveCant'));
  const { draft, entry, kept, lost, fresh } = preview;
  const button = h('button.main', { type: 'button', onclick: () => take(preview, letGo, button) }, t('moveDo'));
  return h('div.page', {}, bar(t('move')), h('main.stack', {},
    h('p.lead', {}, titleOf(entry.title)), h('p.small', {}, t('moveFrom', { from: draft.version, to: entry.version })),
    lost.length
      ? h('section.card.alert', { 'aria-labelledby': 'lost' }, h('h2', { id: 'lost' }, icon('warn'), t('moveLost', { n: lost.length })), list(lost))
      : h('p.card.notice', {}, icon('check'), t('moveNothingLost')),
    folded(t('moveKept', { n: kept.length }), kept), folded(t('moveFresh', { n: fresh.length }), fresh),
    h('p.small', {}, t('moveHelp')), button, h('a.quiet', { href: '#/' }, t('moveStay'))));
}

async function look(id) {
  const stored = await get('drafts', id);
  const entry = (await get('meta', 'catalogue'))?.forms.find((each) => each.id === stored?.form && each.hash !== stored.hash);
  return entry ? previewMove(id, entry) : null;
}

async function take(preview, letGo, button) {
  button.disabled = true;
  await move(preview).finally(() => { button.disabled = false; });
  letGo();
  go(`#/fill/${encodeURIComponent(preview.draft.id)}`);
}

function folded(title, answers) {
  return answers.length ? h('details.card', {}, h('summary', {}, title), list(answers)) : null;
}

function list(answers) {
  return h('ul.moves', {}, answers.map(({ label, value, why }) => h('li', {},
    h('span', { dir: 'auto' }, label), value === undefined ? null : h('strong', { dir: 'auto' }, value), why ? h('span.small', {}, t(`moveWhy.${why}`)) : null)));
}

function plain(words) {
  return h('div.page', {}, bar(t('move')), h('main.stack', {}, h('p.card.notice', { role: 'alert' }, words)));
}
