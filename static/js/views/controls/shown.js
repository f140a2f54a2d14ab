/** An answer that can only be read: calculated, read-only, or given before. */
import { fill, h } from '../../h.js';
import { locale } from '../../texts.js';

/** The control of a question that can't be answered; a note without a value shows nothing below its statement. */
export function shown(state, note) {
  const element = h('p.shown');
  const redraw = (now) => {
    fill(element, ...parts(now));
    element.hidden = note && now.value === '';
  };
  redraw(state);
  return { element, redraw };
}

function parts({ value, choices = [], bind, control }) {
  if (value === '') return ['—'];
  if (control?.appearance?.includes('url') && /^https?:\/\//.test(value)) return [webLink(value)];
  if (choices.length && control.kind !== 'range') {
    const labels = new Map(choices.map((choice) => [choice.value, choice.label]));
    const values = control.kind === 'select1' ? [value] : value.split(' ');
    return values.flatMap((each, place) => [place ? ', ' : '', h('bdi', {}, labels.get(each) || each)]);
  }
  return [h('bdi', {}, control?.appearance?.includes('masked') ? '••••••' : wordsFor(value, bind?.type))];
}

/** A link that tells the other site nothing of us. */
export function webLink(address) {
  return h('a.plain', { href: address, target: '_blank', rel: 'noopener noreferrer' }, h('bdi', {}, address));
}

function wordsFor(value, type) {
  if (type === 'date') return dateWords(value);
  if (type === 'dateTime') return `${dateWords(value)}, ${value.slice(11, 16)}`;
  if (type === 'time') return value.slice(0, 5);
  return value;
}

function dateWords(value) {
  const date = new Date(`${value.slice(0, 10)}T12:00`);
  return Number.isNaN(date.getTime()) ? value : date.toLocaleDateString(locale(), { day: 'numeric', month: 'long', year: 'numeric' });
}
