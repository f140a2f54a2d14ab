/** One or several of a list, as full-width rows for a thumb. Long lists get a search box and show what matches. */
import { fill, h, prose } from '../../h.js';
import { t } from '../../texts.js';

const LONG = 20;
const SHOWN = 50;
const MISSING = new Set(['66', '77', '88', '99', '-66', '-77', '-88', '-99']);

/** select_one and select_one_from_file. */
export function chooseOne(question, context) {
  const rows = h('div.choices', { role: 'radiogroup', ...context.naming });
  const draw = (choices, value) => {
    const pick = (picked) => { context.answer(picked); if (choices.length > LONG) draw(choices, picked); };
    fill(rows, ...list(choices, value, (choice) => row('radio', context.id, choice, choice.value === value, () => pick(choice.value))));
  };
  return listControl(rows, context, draw);
}

/** select_multiple: the values in the order of the list, with spaces between. */
export function chooseSeveral(question, context) {
  const rows = h('div.choices', { role: 'group', ...context.naming });
  const draw = (choices, value) => {
    const chosen = new Set(value.split(' ').filter(Boolean));
    const toggle = (picked, on) => {
      if (on) chosen.add(picked);
      else chosen.delete(picked);
      context.answer(choices.map((choice) => choice.value).filter((candidate) => chosen.has(candidate)).join(' '));
    };
    fill(rows, h('p.hint', {}, t('severalHint')),
      ...list(choices, '', (choice) => row('checkbox', context.id, choice, chosen.has(choice.value), (on) => toggle(choice.value, on))));
  };
  return listControl(rows, context, draw);
}

/** A note that has to be acknowledged. */
export function acknowledge(question, context) {
  const choice = { value: 'OK', label: t('acknowledge') };
  const element = h('div.choices', { role: 'group', ...context.naming });
  const draw = (state) => fill(element, row('checkbox', context.id, choice, state.value === 'OK', (on) => context.answer(on ? 'OK' : '')));
  draw(context.state());
  return { element, redraw: draw };
}

/** Draw now, and again only when the list or (from outside) the answer changed: never under a finger. */
function listControl(element, context, draw) {
  const printOf = ({ choices, value }) => JSON.stringify([choices.map((choice) => [choice.value, choice.label]), value]);
  let drawn = null;
  const redraw = (state) => {
    const print = printOf(state);
    if (print !== drawn) draw(state.choices, state.value);
    drawn = print;
  };
  redraw(context.state());
  element.addEventListener('change', () => { drawn = printOf(context.state()); });
  return { element, redraw };
}

function list(choices, value, makeRow) {
  if (choices.length === 0) return [h('p.alert', {}, t('noChoices'))];
  return choices.length > LONG ? searchable(choices, value, makeRow) : separated(choices).map((choice) => (choice ? makeRow(choice) : h('hr')));
}

/** Codes such as "does not know" stand apart from the answers that are read out. */
function separated(choices) {
  const first = choices.findIndex(({ value }) => MISSING.has(value));
  const tail = first > 0 && choices.slice(first).every(({ value }) => MISSING.has(value));
  return tail ? [...choices.slice(0, first), null, ...choices.slice(first)] : choices;
}

function searchable(choices, value, makeRow) {
  const results = h('div.results');
  const count = h('p.small', { role: 'status' });
  const show = (text) => {
    const found = choices.filter((choice) => plain(choice.label).includes(plain(text)) || choice.value === value);
    const chosenFirst = found.toSorted((a, b) => (b.value === value) - (a.value === value));
    fill(count, t('found', { n: found.length }));
    fill(results, ...chosenFirst.slice(0, SHOWN).map(makeRow));
  };
  show('');
  const search = h('input', { type: 'search', 'aria-label': t('search'), placeholder: t('search'), autocomplete: 'off', oninput: () => show(search.value) });
  search.addEventListener('change', (event) => event.stopPropagation());
  return [search, count, results];
}

/** Lower case without accents: what is typed on a phone seldom has them. */
function plain(text) {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

function row(type, name, choice, checked, changed) {
  const input = h('input', { type, name, value: choice.value, checked, onchange: () => changed(input.checked) });
  return h('label.choice', { class: MISSING.has(choice.value) ? 'choice is-code' : 'choice' }, input, h('span', {}, prose(choice.label)));
}
