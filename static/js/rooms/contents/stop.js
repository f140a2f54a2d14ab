/**
 * Whoever answers may stop at any moment: what was said so far is kept or deleted, as they wish, and the screen shows something
 * harmless at once.
 */
import { deleteDraft } from '../../drafts.js';
import { hide } from '../../guard.js';
import { h } from '../../h.js';
import { addTexts, t } from '../../texts.js';

addTexts({
  stopTitle: ['Parar la entrevista', 'Stop the interview'],
  stopHelp: ['¿Qué quiere la persona que se haga con lo contestado? En los dos casos la pantalla cambia enseguida.', 'What does the person want done with the answers so far? Either way the screen changes at once.'],
  stopKeep: ['Guardar y salir', 'Keep them and leave'],
  stopDiscard: ['Borrar todo y salir', 'Delete them and leave'],
  stopNot: ['Seguir la entrevista', 'Go on with the interview'],
});

/** The button; null while nothing was answered. `save()` is true once all is on disk, `stopped()` is called on the way out. */
export function stopButton(filling, { save, stopped }) {
  if (!filling.touched) return null;
  const ways = { keep: save, discard: () => discard(filling) };
  const ask = async () => {
    const wish = await askWish();
    if (!ways[wish] || !(await ways[wish]())) return;
    stopped();
    location.hash = '#/';
    await hide();
  };
  return h('button.plain.wide', { type: 'button', onclick: ask }, t('stopTitle'));
}

async function discard(filling) {
  filling.touched = false; // nothing writes it again
  await deleteDraft(filling.draft.id);
  return true;
}

function askWish() {
  return new Promise((resolve) => {
    const box = h('dialog.ask', { 'aria-labelledby': 'stop-title', onclose: () => { box.remove(); resolve(box.returnValue); } },
      h('form.stack', { method: 'dialog' },
        h('h2', { id: 'stop-title' }, t('stopTitle')), h('p', {}, t('stopHelp')),
        h('button.plain', { value: 'keep', autofocus: true }, t('stopKeep')),
        h('button.danger', { value: 'discard' }, t('stopDiscard')),
        h('button.quiet', { value: 'no' }, t('stopNot'))));
    document.body.append(box);
    box.showModal();
  });
}
