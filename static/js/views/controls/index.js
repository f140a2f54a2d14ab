/** Which control answers which question. Total: a kind that this app can't answer yet says so and lets the person go on. */
import { h } from '../../h.js';
import { canAnswer, isNote } from '../../kinds.js';
import { t } from '../../texts.js';
import { acknowledge, chooseOne, chooseSeveral } from './choice.js';
import { place } from './place.js';
import { range, rank } from './scale.js';
import { date, dateTime, decimal, integer, text, time } from './typed.js';

const BY_TYPE = {
  string: text, text, int: integer, integer, long: integer, decimal, date, time, dateTime, geopoint: place, barcode: text,
};
const BY_KIND = { select1: chooseOne, select: chooseSeveral, rank, range, trigger: acknowledge };

/**
 * The control of a question: { element, redraw(state), problem?() , put?(value), leave?() }.
 * `context` is { id, naming, state(), answer(value), left() }: `naming` are the attributes that tie it to its label.
 */
export function makeControl(question, context) {
  const state = context.state();
  if (!state.editable) return shown(state, isNote(question, state));
  if (!canAnswer(question)) return cantAnswer(question);
  const make = question.control.kind === 'input' ? BY_TYPE[question.bind?.type ?? 'string'] : BY_KIND[question.control.kind];
  return make(question, context);
}

function shown(state, note) {
  const element = h('p.shown', { dir: 'auto' });
  const redraw = ({ value, choices = [] }) => {
    element.textContent = choices.find((choice) => choice.value === value)?.label ?? value;
    element.hidden = note && value === '';
  };
  redraw(state);
  return { element, redraw };
}

function cantAnswer({ control, bind }) {
  const kind = control.mediatype ?? bind?.type ?? control.kind;
  return { element: h('p.card.notice', {}, t('cantHere', { kind })), redraw: () => {} };
}
