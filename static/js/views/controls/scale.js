/** A number from a range and an order of preference; both work by taps alone. */
import { fill, h, icon } from '../../h.js';
import { t } from '../../texts.js';

const FEW_STEPS = 11;

/** A range: buttons when there are few steps, else a slider with less and more. */
export function range(question, context) {
  const { start, end, step } = numbers(question.control.range);
  return (end - start) / step < FEW_STEPS ? steps(context, { start, end, step }) : slider(context, { start, end, step });
}

function numbers({ start, end, step = 1 }) {
  const [from, to] = [Number(start), Number(end)].sort((a, b) => a - b);
  return { start: from, end: to, step: Math.abs(Number(step)) || 1 };
}

function steps(context, { start, end, step }) {
  const element = h('div.steps', { role: 'radiogroup', ...context.naming });
  const redraw = (state) => {
    const values = [];
    for (let value = start; value <= end + step / 1e6; value += step) values.push(tidy(value));
    const isChosen = (value) => state.value !== '' && Number(state.value) === Number(value);
    fill(element, ...values.map((value) => h('label.step', {},
      h('input', { type: 'radio', name: context.id, value, checked: isChosen(value), onchange: () => context.answer(value) }),
      h('span', {}, value))));
  };
  redraw(context.state());
  return { element, redraw: () => {} };
}

function slider(context, { start, end, step }) {
  const output = h('output.big');
  const input = h('input', { type: 'range', min: start, max: end, step, ...context.naming, oninput: () => set(Number(input.value)) });
  const set = (value) => {
    context.answer(tidy(Math.min(end, Math.max(start, value))));
    redraw(context.state());
  };
  const nudge = (by) => set((context.state().value === '' ? (start + end) / 2 : Number(input.value)) + by);
  const redraw = (state) => {
    fill(output, state.value === '' ? t('rangeNone') : state.value);
    input.value = state.value === '' ? String((start + end) / 2) : state.value;
    input.classList.toggle('is-blank', state.value === '');
  };
  redraw(context.state());
  const element = h('div.slider', {}, output, h('div.row', {},
    h('button.icon-button', { type: 'button', 'aria-label': t('less'), onclick: () => nudge(-step) }, icon('minus')),
    input,
    h('button.icon-button', { type: 'button', 'aria-label': t('more'), onclick: () => nudge(step) }, icon('plus'))));
  return { element, redraw };
}

function tidy(value) {
  return String(Number(value.toFixed(6)));
}

/** Rank: everything of the list in an order. It is unanswered until an arrow or the button was touched. */
export function rank(question, context) {
  const element = h('div.choices', { role: 'group', ...context.naming });
  const redraw = (state) => {
    const order = ordered(state);
    const keep = (next) => { context.answer(next.map(({ value }) => value).join(' ')); redraw(context.state()); };
    const swap = (from, to) => keep(order.with(from, order[to]).with(to, order[from]));
    fill(element,
      h('p.hint', {}, t('rankHelp')),
      h('ol.rank', {}, order.map((choice, place) => h('li.choice', {},
        h('span', {}, `${place + 1}. ${choice.label}`),
        arrow('up', t('moveUp', choice), place > 0, () => swap(place, place - 1)),
        arrow('down', t('moveDown', choice), place < order.length - 1, () => swap(place, place + 1))))),
      state.value === '' ? h('button.plain', { type: 'button', onclick: () => keep(order) }, t('rankConfirm')) : null);
  };
  redraw(context.state());
  return { element, redraw };
}

function ordered({ value, choices }) {
  const wanted = value.split(' ');
  const place = (choice) => (wanted.includes(choice.value) ? wanted.indexOf(choice.value) : choices.length);
  return choices.toSorted((a, b) => place(a) - place(b));
}

function arrow(name, label, enabled, onclick) {
  return h('button.icon-button', { type: 'button', 'aria-label': label, disabled: !enabled, onclick }, icon(name));
}
