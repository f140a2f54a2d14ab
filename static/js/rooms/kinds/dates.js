/** Dates in parts, for days that people know by heart: no calendar to leaf through. Also a month, or a year. */
import { fill, h } from '../../h.js';
import { language, t } from '../../texts.js';
import { field, offset, ownDigits } from '../../views/controls/typed.js';

/** date and dateTime with no-calendar, month-year or year. What is only partly known is stored as the first day. */
export function dateParts(question, context) {
  const looks = question.control.appearance ?? [];
  const withTime = question.bind?.type === 'dateTime';
  const withMonth = !looks.includes('year');
  const withDay = withMonth && !looks.includes('month-year');
  const part = (size, key) => field({ naming: {} }, { inputmode: 'numeric', maxlength: size, dir: 'ltr', class: `number part-${key}`, id: `${context.id}-${key}` });
  const day = part(2, 'day');
  const year = part(4, 'year');
  const month = h('select', { id: `${context.id}-month`, class: 'part-month' }, h('option', { value: '' }, '—'), months());
  const clock = h('input', { type: 'time', id: `${context.id}-clock` });
  const shown = [withDay ? ['day', day] : null, withMonth ? ['month', month] : null, ['year', year], withTime ? ['clock', clock] : null].filter(Boolean);
  const element = h('div.parts', { role: 'group', ...context.naming },
    shown.map(([key, input]) => h('div.part', {}, h('label', { for: input.id }, t(key)), input)));
  const given = () => shown.map(([, input]) => input.value.trim());
  const read = () => {
    const [y, m, d] = [ownDigits(year.value.trim()), withMonth ? month.value : '1', withDay ? ownDigits(day.value.trim()) : '1'];
    const date = `${y.padStart(4, '0')}-${m.padStart(2, '0')}-${d.padStart(2, '0')}`;
    if (!/^\d{4}$/.test(y) || !isDate(date) || (withTime && !clock.value)) return '';
    return withTime ? `${date}T${clock.value.slice(0, 5)}:00.000${offset(new Date(`${date}T${clock.value}`))}` : date;
  };
  element.addEventListener('input', () => context.answer(read()));
  element.addEventListener('change', () => { if (given().every(Boolean)) context.left(); });
  const redraw = ({ value }) => {
    if (element.contains(document.activeElement) || (value === '' && read() === '' && given().some(Boolean))) return;
    [year.value, month.value, day.value] = value ? [value.slice(0, 4), String(Number(value.slice(5, 7))), String(Number(value.slice(8, 10)))] : ['', '', ''];
    clock.value = value.slice(11, 16);
  };
  redraw(context.state());
  return { element, redraw, problem: () => (given().some(Boolean) && read() === '' ? 'badDate' : null) };
}

function months() {
  const name = new Intl.DateTimeFormat(language(), { month: 'long', timeZone: 'UTC' });
  return Array.from({ length: 12 }, (_, place) => h('option', { value: place + 1 }, name.format(Date.UTC(2026, place, 15))));
}

function isDate(text) {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === text;
}
