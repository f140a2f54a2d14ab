/**
 * One or several of a list, as full-width rows for a thumb. Long lists (and `autocomplete`, `search`) get a search box and
 * show the first that match: a list of 40,000 is never drawn whole. Appearances change how the rows lie, never their height.
 */
import { fill, h, prose } from '../../h.js';
import { labelMedia } from '../../media.js';
import { t } from '../../texts.js';

const LONG = 20;
const SHOWN = 50;
const SLICE_MS = 8;
const MISSING = new Set(['66', '77', '88', '99', '-66', '-77', '-88', '-99']);

/** select_one, whatever its list comes from. */
export function chooseOne(question, context) {
  const looks = question.control.appearance ?? [];
  const quick = looks.includes('quick') || looks.some((look) => look.startsWith('quickcompact'));
  const group = h(`div.choices${lies(looks)}`, { role: 'radiogroup', ...context.naming });
  layColumns(group, looks);
  const byFinger = watchFinger(group);
  const draw = (choices, value) => {
    const pick = (choice) => {
      context.answer(choice.value);
      if (quick && byFinger()) context.advance();
    };
    fill(group, ...list(choices, [value], looks, (choice) => row('radio', context, choice, choice.value === value, pick)));
  };
  return listControl(group, context, draw);
}

/** select_multiple: the values in the order of the list, with spaces between. */
export function chooseSeveral(question, context) {
  const looks = question.control.appearance ?? [];
  const group = h(`div.choices${lies(looks)}`, { role: 'group', ...context.naming });
  layColumns(group, looks);
  const draw = (choices, value) => {
    const chosen = new Set(value.split(' ').filter(Boolean));
    const toggle = (choice) => {
      if (!chosen.delete(choice.value)) chosen.add(choice.value);
      context.answer(choices.map((each) => each.value).filter((each) => chosen.has(each)).join(' '));
    };
    fill(group, h('p.hint.spread', {}, t('severalHint')),
      ...list(choices, chosen, looks, (choice) => row('checkbox', context, choice, chosen.has(choice.value), toggle)));
  };
  return listControl(group, context, draw);
}

/** A note that has to be acknowledged. */
export function acknowledge(question, context) {
  const choice = { value: 'OK', label: t('acknowledge') };
  const element = h('div.choices', { role: 'group', ...context.naming });
  const toggle = () => context.answer(context.state().value === 'OK' ? '' : 'OK');
  const draw = (state) => fill(element, row('checkbox', context, choice, state.value === 'OK', toggle));
  draw(context.state());
  return { element, redraw: draw };
}

function lies(looks) {
  const bare = looks.includes('no-buttons') || looks.some((look) => /compact/.test(look)) ? '.is-bare' : '';
  const packed = looks.includes('columns-pack') || looks.some((look) => /^(quick)?compact$/.test(look)) ? '.is-packed' : '';
  return `${bare}${packed}${looks.some((look) => /^columns$|^(columns|(quick)?compact)-\d+$/.test(look)) ? '.in-columns' : ''}`;
}

function layColumns(group, looks) {
  const count = looks.map((look) => /^(?:columns|(?:quick)?compact)-(\d+)$/.exec(look)?.[1]).find(Boolean);
  if (count) group.style.setProperty('--columns', count);
}

/** Draw now, and again only when the list or (from outside) the answer changed: never under a finger. */
export function listControl(element, context, draw) {
  let drawn = { choices: [], value: null };
  const redraw = ({ choices, value }) => {
    const same = value === drawn.value && choices.length === drawn.choices.length && (choices === drawn.choices
      || choices.every((choice, place) => choice.value === drawn.choices[place].value && choice.label === drawn.choices[place].label));
    if (!same) draw(choices, value);
    drawn = { choices, value };
  };
  redraw(context.state());
  element.addEventListener('change', () => { drawn.value = context.state().value; });
  return { element, redraw };
}

function list(choices, chosen, looks, makeRow) {
  if (choices.length === 0) return [h('p.alert', {}, t('noChoices'))];
  const asked = looks.some((look) => /^(autocomplete|search)\b/.test(look));
  if (asked || choices.length > LONG) return searchable(choices, new Set(chosen), makeRow);
  return separated(choices).map((choice) => (choice ? makeRow(choice) : h('hr')));
}

/** Codes such as "does not know" stand apart from the answers that are read out. */
function separated(choices) {
  const first = choices.findIndex(({ value }) => MISSING.has(value));
  const tail = first > 0 && choices.slice(first).every(({ value }) => MISSING.has(value));
  return tail ? [...choices.slice(0, first), null, ...choices.slice(first)] : choices;
}

/** A search box, how many match, and the first of them; what is chosen stays on top. */
function searchable(choices, chosen, makeRow) {
  const results = h('div.results');
  const count = h('p.small', { role: 'status' });
  const words = [];
  let latest = 0;
  const show = async (text) => {
    const turn = ++latest;
    const wanted = plain(text);
    const top = chosen.size === 0 || (chosen.size === 1 && chosen.has('')) ? [] : choices.filter(({ value }) => chosen.has(value));
    const found = [];
    let more = 0;
    let until = performance.now() + SLICE_MS;
    for (let place = 0; place < choices.length; place++) {
      const matches = wanted === '' || (words[place] ??= plain(choices[place].label)).includes(wanted);
      if (matches && (chosen.has(choices[place].value) || found.push(choices[place]) > SHOWN)) more += 1;
      if (wanted === '' && found.length > SHOWN) break;
      if (place % 64 === 0 && performance.now() > until) {
        await new Promise((resolve) => { setTimeout(resolve); });
        if (turn !== latest) return;
        until = performance.now() + SLICE_MS;
      }
    }
    const total = wanted === '' ? choices.length : Math.min(found.length, SHOWN) + more;
    fill(count, t('found', { n: total }), total > SHOWN ? ` · ${t('foundMore', { n: SHOWN })}` : '');
    fill(results, ...[...top, ...found.slice(0, SHOWN)].map(makeRow));
  };
  show('');
  const search = h('input', { type: 'search', 'aria-label': t('search'), placeholder: t('search'), autocomplete: 'off', oninput: () => show(search.value) });
  search.addEventListener('change', (event) => event.stopPropagation());
  results.addEventListener('change', ({ target }) => {
    if (target.type === 'radio') chosen.clear();
    if (target.checked) chosen.add(target.value);
    else chosen.delete(target.value);
  });
  return [search, count, results];
}

/** Lower case without accents: what is typed on a phone seldom has them. */
function plain(text) {
  return /^[\x20-\x7e]*$/.test(text) ? text.toLowerCase() : text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** Tells whether the last thing that touched the element was a finger: arrow keys walk through radio buttons. */
export function watchFinger(element) {
  let finger = false;
  element.addEventListener('pointerdown', () => { finger = true; });
  element.addEventListener('keydown', () => { finger = false; });
  return () => finger;
}

/** One choice: all of the row can be tapped. */
export function row(type, context, choice, checked, picked) {
  const input = h('input', { type, name: context.id, value: choice.value, checked, onclick: () => picked(choice) });
  return h(`label.choice${MISSING.has(choice.value) ? '.is-code' : ''}`, {}, input, h('span', {}, prose(choice.label), labelMedia(choice, context.filling?.form)));
}
