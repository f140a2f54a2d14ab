/** `minimal`: the answer in one line; a tap opens the list over the page. */
import { fill, h, icon, openDialog } from '../../h.js';
import { t } from '../../texts.js';
import { chooseOne, chooseSeveral, watchFinger } from '../../views/controls/choice.js';

export function folded(question, context) {
  const several = question.control.kind === 'select';
  const button = h('button.plain.wide.fold', { type: 'button', 'aria-haspopup': 'dialog', onclick: open });
  const redraw = ({ value, choices }) => {
    const chosen = new Set(several ? value.split(' ') : [value]);
    const labels = choices.filter((choice) => chosen.has(choice.value)).map(({ label }) => label);
    const words = labels.length > 3 ? t('chosenSome', { n: labels.length }) : labels.join(', ');
    fill(button, h('span', { id: `${context.id}-chosen` }, h('bdi', {}, words || t('choose'))), icon('down'));
    button.classList.toggle('is-blank', labels.length === 0);
  };
  button.setAttribute('aria-labelledby', `${context.naming['aria-labelledby']} ${context.id}-chosen`);
  button.setAttribute('aria-describedby', context.naming['aria-describedby']);

  function open() {
    const inside = { ...context, answer: (value) => { context.answer(value); redraw(context.state()); }, advance: () => {} };
    const { element } = several ? chooseSeveral(question, inside) : chooseOne(question, inside);
    const title = h('h2', {}, context.state().label);
    const box = h('dialog.sheet', { 'aria-label': context.state().label },
      h('header.bar', {}, title, h('button.quiet', { type: 'button', onclick: () => box.close() }, t(several ? 'done' : 'close'))),
      h('div.sheet-body', {}, element));
    const byFinger = watchFinger(element);
    if (!several) element.addEventListener('click', ({ target }) => { if (target.type === 'radio' && byFinger()) box.close(); });
    box.addEventListener('close', () => { button.focus(); context.left(); });
    openDialog(box, button.closest('.page'));
    box.querySelector('input:checked')?.scrollIntoView({ block: 'center' });
  }

  redraw(context.state());
  return { element: button, redraw };
}
