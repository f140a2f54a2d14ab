/** A number from a range, as the form's author wants it: buttons, a slider, a wheel of numbers, stars; and a counter. */
import { fill, h, icon } from '../../h.js';
import { t } from '../../texts.js';
import { integer } from '../../views/controls/typed.js';

const FEW_STEPS = 11;
const MANY_STEPS = 500;
const FEW_TICKS = 21;
const FEW_STARS = 10;

/** A range: buttons when there are few steps and nothing else is asked for, else a slider with less and more. */
export function range(question, context) {
  const looks = question.control.appearance ?? [];
  const scale = scaleOf(question.control);
  const { count } = scale;
  if (looks.includes('rating') && count <= FEW_STARS) return rating(context, scale);
  if (looks.includes('picker')) return count <= MANY_STEPS ? picker(context, scale) : slider(context, scale, looks);
  const labelled = Boolean(question.control.choices);
  if (count <= FEW_STEPS && !labelled && !looks.includes('vertical') && !looks.includes('no-ticks')) return steps(context, scale);
  return slider(context, scale, looks);
}

function scaleOf({ range: limits, parameters = {} }) {
  const [start, end] = [Number(limits.start), Number(limits.end)].sort((a, b) => a - b);
  const step = Math.abs(Number(limits.step ?? 1)) || 1;
  const ticks = Math.abs(Number(parameters['tick-interval'])) || step;
  const placeholder = parameters.placeholder === undefined ? (start + end) / 2 : Number(parameters.placeholder);
  return { start, end, step, ticks, placeholder, count: Math.floor((end - start) / step + 1e-6) + 1 };
}

/** From start on by `by`, without the dust of floating points. */
function values({ start, end }, by) {
  const found = [];
  for (let place = 0; start + place * by <= end + by / 1e6; place++) found.push(tidy(start + place * by));
  return found;
}

function tidy(value) {
  return String(Number(value.toFixed(6)));
}

function steps(context, scale) {
  const element = h('div.steps', { role: 'radiogroup', ...context.naming });
  const redraw = (state) => fill(element, ...values(scale, scale.step).map((value) => h('label.step', {},
    h('input', { type: 'radio', name: context.id, value, checked: isChosen(state, value), onchange: () => context.answer(value) }),
    h('span', {}, value))));
  redraw(context.state());
  return { element, redraw };
}

function isChosen(state, value) {
  return state.value !== '' && Number(state.value) === Number(value);
}

/** Stars from the first to the last value; each is a choice with its number as its name. */
function rating(context, scale) {
  const element = h('div.stars', { role: 'radiogroup', ...context.naming });
  const all = values(scale, scale.step);
  const choose = (value) => { context.answer(value); redraw(context.state()); };
  const redraw = (state) => {
    const value = state.value === '' ? -Infinity : Number(state.value);
    if (element.children.length !== all.length) {
      fill(element, ...all.map((each, place) => h('label.star', {},
        h('input', { type: 'radio', name: context.id, value: each, 'aria-label': t('stars', { n: place + 1, total: all.length }), onchange: () => choose(each) }),
        icon('star'))));
    }
    [...element.children].forEach((star, place) => {
      star.classList.toggle('is-on', Number(all[place]) <= value);
      star.firstElementChild.checked = isChosen(state, all[place]);
    });
  };
  redraw(context.state());
  return { element, redraw };
}

function picker(context, scale) {
  const select = h('select', { ...context.naming, class: 'number', onchange: () => context.answer(select.value) },
    h('option', { value: '' }, t('choose')), values(scale, scale.step).map((value) => h('option', { value }, value)));
  const redraw = ({ value }) => { select.value = value === '' ? '' : tidy(Number(value)); };
  redraw(context.state());
  return { element: select, redraw };
}

function slider(context, scale, looks) {
  const { start, end, step, placeholder } = scale;
  const vertical = looks.includes('vertical');
  const output = h('output.big');
  const set = (value) => {
    context.answer(tidy(Math.min(end, Math.max(start, value))));
    redraw(context.state());
  };
  const touch = () => { if (context.state().value === '') set(Number(input.value)); };
  const input = h('input', {
    type: 'range', min: start, max: end, step, ...context.naming, 'aria-orientation': vertical ? 'vertical' : null,
    oninput: () => set(Number(input.value)), onclick: touch, onkeydown: ({ key }) => { if (key === ' ' || key === 'Enter') touch(); },
  });
  const nudge = (by) => set(context.state().value === '' ? placeholder : Number(input.value) + by);
  const redraw = (state) => {
    const blank = state.value === '';
    const label = blank ? null : labelAt(state, state.value);
    fill(output, blank ? t('rangeNone') : h('bdi', {}, label ? `${state.value} · ${label}` : state.value));
    input.value = blank ? String(placeholder) : state.value;
    input.classList.toggle('is-blank', blank);
    input.setAttribute('aria-valuetext', output.textContent);
  };
  const end1 = h('button.icon-button', { type: 'button', 'aria-label': t('less'), onclick: () => nudge(-step) }, icon('minus'));
  const end2 = h('button.icon-button', { type: 'button', 'aria-label': t('more'), onclick: () => nudge(step) }, icon('plus'));
  const track = h('div.track', {}, input, ticks(context, scale, looks));
  const element = h(`div.slider${vertical ? '.is-vertical' : ''}`, {}, output,
    h('div.row', {}, vertical ? [end2, track, end1] : [end1, track, end2]));
  redraw(context.state());
  return { element, redraw };
}

function labelAt({ choices = [] }, value) {
  return choices.find((choice) => Number(choice.value) === Number(value))?.label;
}

/** Marks under the track, with the labels of the form or the numbers at the ends. */
function ticks(context, scale, looks) {
  const state = context.state();
  const all = values(scale, scale.ticks);
  const marks = looks.includes('no-ticks') || all.length > FEW_TICKS ? [] : all;
  const labelled = state.choices.length > 0;
  const named = new Set(labelled ? all : [all[0], tidy(scale.end)]);
  const shown = [...new Set([...marks, ...named])];
  return h('div.ticks', { 'aria-hidden': 'true' }, shown.map((value) => {
    const mark = h(`span.tick${marks.includes(value) ? '' : '.is-plain'}`, {}, named.has(value) ? h('span', {}, labelAt(state, value) ?? value) : null);
    mark.style.setProperty('--at', String((Number(value) - scale.start) / (scale.end - scale.start || 1)));
    return mark;
  }));
}

/** A whole number that grows and shrinks by one; it can be typed too. */
export function counter(question, context) {
  const inner = integer(question, { ...context, answer: (value) => context.answer(value) });
  const change = (by) => {
    context.answer(String((Number(context.state().value) || 0) + by));
    inner.redraw(context.state());
  };
  const element = h('div.counter', {},
    h('button.plain', { type: 'button', 'aria-label': t('less'), onclick: () => change(-1) }, icon('minus')),
    inner.element,
    h('button.main', { type: 'button', 'aria-label': t('more'), onclick: () => change(1) }, icon('plus')));
  return { ...inner, element };
}
