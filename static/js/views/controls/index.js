/**
 * Which control answers which question. Total: every kind resolves. What most interviews need is here at the start; the
 * rest lives in rooms that begin to load when a form that uses them is opened (`enterRooms`) and draw when they are there.
 *
 * A control is `make(question, context) -> { element, redraw(state), problem?(), leave?() }`:
 *   question   { ref, control, bind }
 *   context    { id, naming, state(), answer(value), left(), advance(), interview, filling }
 *     naming   attributes that tie the control to its label, hint and message; spread them on the field or the group
 *     answer   give the text to be stored ('' for none); `left` when a field is left; `advance` goes on to the next page
 *   redraw     draws the state as it is now; not called for the control's own answers
 *   problem    the key of a text that says why what is typed can't be stored, or null
 */
import { addStyle, fill, h } from '../../h.js';
import { isNote, kindOf } from '../../kinds.js';
import { t } from '../../texts.js';
import { acknowledge, chooseOne, chooseSeveral } from './choice.js';
import { shown } from './shown.js';
import { date, dateTime, decimal, integer, text, time } from './typed.js';

const HERE = { text, integer, decimal, date, time, dateTime, chooseOne, chooseSeveral, acknowledge };

/** Room, and the kinds that its controls.js exports a maker of. */
const ROOMS = {
  kinds: {
    load: () => import('../../rooms/kinds/controls.js'),
    kinds: ['range', 'rank', 'counter', 'dateParts', 'folded', 'inline', 'masked', 'address'],
  },
  maps: {
    load: () => import('../../rooms/maps/controls.js'),
    kinds: ['place', 'trace', 'shape', 'chooseOnMap'],
  },
  media: {
    load: () => import('../../rooms/media/controls.js'),
    kinds: ['image', 'audio', 'video', 'file', 'barcode', 'imageMap'],
  },
};
const ROOM_OF = new Map(Object.entries(ROOMS).flatMap(([name, { kinds }]) => kinds.map((kind) => [kind, name])));
const open = new Map();

/** Start to load what the form's questions need: by the time they are reached it is there. */
export function enterRooms(form) {
  const types = new Map(form.binds.map((bind) => [bind.ref, bind]));
  const visit = (control) => {
    const room = ROOM_OF.get(kindOf({ control, bind: types.get(control.ref) }));
    if (room) enter(room).catch(() => {});
    control.children?.forEach(visit);
  };
  form.body.forEach(visit);
}

async function enter(name) {
  if (!open.has(name)) {
    const [makers] = await Promise.all([ROOMS[name].load(), addStyle(name)]);
    open.set(name, makers);
  }
  return open.get(name);
}

export function makeControl(question, context) {
  const state = context.state();
  if (!state.editable) return shown(state, isNote(question, state));
  const kind = kindOf(question);
  if (HERE[kind]) return HERE[kind](question, context);
  const room = ROOM_OF.get(kind);
  const make = open.get(room)?.[kind];
  return make ? make(question, context) : later(room, kind, question, context);
}

/** A control whose room is still loading: it takes its place as soon as it is there. */
function later(room, kind, question, context) {
  const element = h('div.later');
  let control = null;
  let left = false;
  const load = async () => {
    fill(element, h('p.hint', { role: 'status' }, t('loading')));
    try {
      const make = (await enter(room))[kind];
      if (left) return;
      control = make(question, context);
      element.classList.remove('later');
      fill(element, control.element);
    } catch {
      fill(element, h('p.alert', { role: 'alert' }, t('roomFailed')), h('button.plain', { type: 'button', onclick: load }, t('tryAgain')));
    }
  };
  load();
  return {
    element,
    redraw: (state) => control?.redraw(state),
    problem: () => control?.problem?.() ?? null,
    leave: () => { left = true; control?.leave?.(); },
  };
}
