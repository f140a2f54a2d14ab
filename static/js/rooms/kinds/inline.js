/**
 * `list`, `list-nolabel` and `label`: choices side by side, as in a table of several questions with one heading. On a
 * narrow screen the labels stand in the cells, or under one another if they don't fit: nobody has to look up a column.
 */
import { fill, h } from '../../h.js';
import { t } from '../../texts.js';
import { chooseOne, chooseSeveral, listControl } from '../../views/controls/choice.js';

const SIDE_BY_SIDE = 7;
const LONGEST_WORD = 9;

export function inline(question, context) {
  const looks = question.control.appearance ?? [];
  if (looks.includes('label')) return heading(context);
  const { choices } = context.state();
  const words = choices.flatMap(({ label }) => label.split(/\s+/));
  const fits = choices.length <= SIDE_BY_SIDE && words.every((word) => word.length <= LONGEST_WORD) && choices.every(({ label }) => label.length <= 24);
  if (!fits) return question.control.kind === 'select' ? chooseSeveral(question, context) : chooseOne(question, context);
  return cells(question, context, looks.includes('list-nolabel'));
}

/** The heading of a table of questions, on screens that are wide enough for one. */
function heading(context) {
  const element = h('div.cells.is-heading', { 'aria-hidden': 'true' });
  const redraw = ({ choices }) => {
    fill(element, ...choices.map(({ label }) => h('span', {}, h('bdi', {}, label))));
    element.style.setProperty('--columns', String(choices.length));
  };
  redraw(context.state());
  return { element, redraw };
}

function cells(question, context, labelsAbove) {
  const several = question.control.kind === 'select';
  const type = several ? 'checkbox' : 'radio';
  const element = h(`div.cells${labelsAbove ? '.is-under-heading' : ''}`, { role: several ? 'group' : 'radiogroup', ...context.naming });
  const draw = (choices, value) => {
    const chosen = new Set(several ? value.split(' ').filter(Boolean) : [value]);
    element.style.setProperty('--columns', String(choices.length));
    const pick = (choice) => {
      if (!several) return context.answer(choice.value);
      if (!chosen.delete(choice.value)) chosen.add(choice.value);
      return context.answer(choices.map((each) => each.value).filter((each) => chosen.has(each)).join(' '));
    };
    const cell = (choice) => h('label.cell', {},
      h('input', { type, name: context.id, value: choice.value, checked: chosen.has(choice.value), onclick: () => pick(choice) }),
      h('span', {}, h('bdi', {}, choice.label)));
    fill(element, ...(choices.length ? choices.map(cell) : [h('p.alert', {}, t('noChoices'))]));
  };
  return listControl(element, context, draw);
}
