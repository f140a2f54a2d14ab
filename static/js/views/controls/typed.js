/** What is typed: text, numbers, dates and times. Values are kept as the form stores them (ISO dates, decimal points). */
import { h } from '../../h.js';
import { t } from '../../texts.js';

/** Text of one or several lines. */
export function text(question, context) {
  const looks = question.control.appearance ?? [];
  const capitals = wantsCapitals(question.bind?.constraint);
  const attributes = {
    ...context.naming, dir: 'auto', autocomplete: 'off', spellcheck: looks.includes('multiline') ? null : 'false',
    autocapitalize: capitals ? 'characters' : 'sentences', inputmode: looks.includes('numbers') ? 'numeric' : null,
  };
  const read = (raw) => (capitals ? raw.toUpperCase() : raw);
  return typed(context, h(looks.includes('multiline') ? 'textarea' : 'input', { ...attributes, rows: looks.includes('multiline') ? 5 : null }), { read });
}

/** A whole number, with buttons for the codes that the form's own rule allows. */
export function integer(question, context) {
  return number(question, context, { pattern: /^[+-]?\d+$/, inputmode: 'numeric', wrong: 'wholeNumber' });
}

export function decimal(question, context) {
  return number(question, context, { pattern: /^[+-]?(\d+\.?\d*|\.\d+)$/, inputmode: 'decimal', wrong: 'anyNumber' });
}

export function date(question, context) {
  const looks = question.control.appearance ?? [];
  if (looks.includes('year')) {
    const read = (raw) => (/^\d{4}$/.test(raw) ? `${raw}-01-01` : '');
    return typed(context, field(context, { inputmode: 'numeric', maxlength: 4 }), { read, show: (value) => value.slice(0, 4), wrong: 'badDate' });
  }
  if (looks.includes('month-year')) {
    return typed(context, field(context, { type: 'month' }), { read: (raw) => (raw ? `${raw}-01` : ''), show: (value) => value.slice(0, 7), wrong: 'badDate' });
  }
  return withNow(typed(context, field(context, { type: 'date' }), { wrong: 'badDate' }), 'today', () => localStamp().slice(0, 10));
}

export function time(question, context) {
  const control = typed(context, field(context, { type: 'time' }), {
    read: (raw) => (raw ? `${raw.slice(0, 5)}:00.000${offset(new Date())}` : ''), show: (value) => value.slice(0, 5), wrong: 'badDate',
  });
  return withNow(control, 'now', () => localStamp().slice(11));
}

export function dateTime(question, context) {
  const control = typed(context, field(context, { type: 'datetime-local' }), {
    read: (raw) => (raw ? `${raw.slice(0, 16)}:00.000${offset(new Date(raw))}` : ''), show: (value) => value.slice(0, 16), wrong: 'badDate',
  });
  return withNow(control, 'now', localStamp);
}

function number(question, context, { pattern, inputmode, wrong }) {
  const read = (raw) => {
    const tidy = raw.replace(/\s/g, '').replace(/[−–]/, '-').replace(',', '.');
    return pattern.test(tidy) ? tidy.replace(/^\+/, '') : '';
  };
  const control = typed(context, field(context, { inputmode, class: 'number' }), { read, wrong });
  const codes = codesIn(question.bind?.constraint);
  if (codes.length === 0) return control;
  const buttons = codes.map((code) => h('button.plain.code', { type: 'button', onclick: () => control.put(String(code)) }, codeLabel(code)));
  return { ...control, element: h('div.stack', {}, control.element, h('div.row.codes', {}, buttons)) };
}

function field(context, attributes) {
  return h('input', { ...context.naming, autocomplete: 'off', ...attributes });
}

/**
 * A field whose text is `read` into a value and `show`n from one; when the text makes no value, `problem()` names the text
 * that says so.
 */
function typed(context, input, { read = (raw) => raw, show = (value) => value, wrong = null }) {
  const isBad = () => input.validity?.badInput || (input.value.trim() !== '' && read(input.value.trim()) === '');
  input.value = show(context.state().value);
  input.addEventListener('input', () => context.answer(read(input.value.trim())));
  input.addEventListener('change', () => context.left());
  return {
    element: input,
    problem: () => (wrong && isBad() ? wrong : null),
    put(value) {
      input.value = value;
      context.answer(read(value));
      context.left();
    },
    redraw(state) {
      if (document.activeElement !== input && !isBad()) input.value = show(state.value);
    },
  };
}

function withNow(control, words, value) {
  const button = h('button.plain.code', { type: 'button', onclick: () => control.put(value()) }, t(words));
  return { ...control, element: h('div.row.with-now', {}, control.element, button) };
}

/** "-06:00" where the phone is, at that moment. */
function offset(when) {
  const minutes = -when.getTimezoneOffset();
  const two = (n) => String(Math.floor(n)).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}

/** The phone's clock as "2026-11-21T14:02". */
function localStamp() {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The negative codes (-88, -99) that a rule such as `. >= 0 or . = -88` lets through: phone keypads have no minus sign. */
export function codesIn(tree) {
  if (!Array.isArray(tree)) return [];
  if (tree[0] === '=') return tree.slice(1).map(negative).filter((code) => [-66, -77, -88, -99].includes(code));
  return [...new Set(tree.flatMap(codesIn))];
}

function negative(tree) {
  if (tree[0] === 'neg' && tree[1][0] === 'num') return -tree[1][1];
  return tree[0] === 'num' ? tree[1] : null;
}

function codeLabel(code) {
  return code === -88 ? t('dontKnow') : code === -99 ? t('noAnswer') : String(code);
}

/** Does the form's rule take capitals only (`regex(., '^[A-Z0-9]+$')`)? Then they are typed for the person. */
function wantsCapitals(tree) {
  if (!Array.isArray(tree)) return false;
  if (tree[0] === 'call' && tree[1] === 'regex') return /A-Z/.test(tree[3]?.[1]) && !/a-z|\\w|\(\?i/.test(tree[3][1]);
  return tree.some(wantsCapitals);
}
