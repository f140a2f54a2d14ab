/** What is typed: text, numbers, dates and times. Values are kept as the form stores them (ISO dates, decimal points). */
import { h } from '../../h.js';
import { locale, t } from '../../texts.js';

const LINES = 5;
const DIGITS = /[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f]/g;

/** Text of one or several lines. */
export function text(question, context) {
  const looks = question.control.appearance ?? [];
  const rows = Number(question.control.parameters?.rows) || (looks.includes('multiline') ? LINES : 0);
  const capitals = wantsCapitals(question.bind?.constraint);
  const attributes = {
    dir: 'auto', autocomplete: 'off', spellcheck: rows ? null : 'false', autocapitalize: capitals ? 'characters' : 'sentences',
    inputmode: looks.includes('numbers') ? 'decimal' : null,
  };
  const read = (raw) => (capitals ? raw.toUpperCase() : raw);
  const onblur = ({ currentTarget: left }) => import('../../rooms/kinds/personal.js').then(({ warn }) => warn(left), () => {});
  if (rows) return typed(context, h('textarea', { ...context.naming, ...attributes, rows, onblur }), { read });
  return typed(context, field(context, attributes), { read });
}

/** A whole number, with buttons for the codes that the form's own rule allows. */
export function integer(question, context) {
  return number(question, context, { pattern: /^[+-]?\d+$/, inputmode: 'numeric', wrong: 'wholeNumber' });
}

export function decimal(question, context) {
  return number(question, context, { pattern: /^[+-]?(\d+\.?\d*|\.\d+)$/, inputmode: 'decimal', wrong: 'anyNumber' });
}

export function date(question, context) {
  return withNow(typed(context, field(context, { type: 'date', max: '9999-12-31' }), { wrong: 'badDate' }), 'today', () => localStamp().slice(0, 10));
}

export function time(question, context) {
  const control = typed(context, field(context, { type: 'time' }), {
    read: (raw) => (raw ? `${raw.slice(0, 5)}:00.000${offset(new Date())}` : ''), show: (value) => value.slice(0, 5), wrong: 'badDate',
  });
  return withNow(control, 'now', () => localStamp().slice(11));
}

export function dateTime(question, context) {
  const control = typed(context, field(context, { type: 'datetime-local', max: '9999-12-31T23:59' }), {
    read: (raw) => (raw ? `${raw.slice(0, 16)}:00.000${offset(new Date(raw))}` : ''), show: (value) => value.slice(0, 16), wrong: 'badDate',
  });
  return withNow(control, 'now', localStamp);
}

function number(question, context, { pattern, inputmode, wrong }) {
  const read = (raw) => {
    const tidy = ownDigits(raw).replace(/\s/g, '').replace(/[−–]/, '-').replace(/[,٫]/, '.');
    return pattern.test(tidy) ? tidy.replace(/^\+/, '') : '';
  };
  const grouped = question.control.appearance?.includes('thousands-sep');
  const total = grouped ? h('output.grouped', { 'aria-hidden': 'true' }) : null;
  const input = field(context, { inputmode, dir: 'ltr', class: 'number' });
  const group = () => { if (grouped) total.textContent = groups(read(input.value.trim())); };
  input.addEventListener('input', group);
  const control = typed(context, input, { read, wrong });
  group();
  const codes = codesIn(question.bind?.constraint);
  if (codes.length === 0 && !grouped) return control;
  const buttons = codes.map((code) => h('button.plain.code', { type: 'button', onclick: () => { control.put(String(code)); group(); } }, codeLabel(code)));
  const element = h('div.stack', {}, input, total, codes.length ? h('div.row.codes', {}, buttons) : null);
  return { ...control, element, redraw: (state) => { control.redraw(state); group(); } };
}

/** "12345.5" as people write it here; nothing while it is short enough to be read at a glance. */
function groups(value) {
  if (!/\d{4}/.test(value)) return '';
  return Number(value).toLocaleString(locale(), { useGrouping: 'always', maximumFractionDigits: 12 });
}

/** Digits of other scripts as those that are stored. */
export function ownDigits(raw) {
  return raw.replace(DIGITS, (digit) => String((digit.codePointAt(0) - (digit >= '\u0966' ? 0x966 : digit >= '\u06f0' ? 0x6f0 : 0x660)) % 10));
}

export function field(context, attributes) {
  return h('input', { ...context.naming, autocomplete: 'off', ...attributes });
}

/**
 * A field whose text is `read` into a value and `show`n from one; when the text makes no value, `problem()` names the text
 * that says so.
 */
export function typed(context, input, { read = (raw) => raw, show = (value) => value, wrong = null } = {}) {
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
export function offset(when) {
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
