/** Rank: everything of the list in an order, by arrows or by dragging. Unanswered until something was moved or confirmed. */
import { fill, h, icon } from '../../h.js';
import { t } from '../../texts.js';

export function rank(question, context) {
  const element = h('div.choices', { role: 'group', ...context.naming });
  const keep = (next, focus = null) => {
    context.answer(next.map(({ value }) => value).join(' '));
    redraw(context.state());
    if (focus) element.querySelectorAll(`[data-arrow='${focus.way}']`)[focus.place]?.focus();
  };
  const move = (order, from, to) => order.toSpliced(from, 1).toSpliced(to, 0, order[from]);
  const redraw = (state) => {
    const order = ordered(state);
    const arrow = (way, place, to) => h('button.icon-button', {
      type: 'button', 'data-arrow': way, 'aria-label': t(way === 'up' ? 'moveUp' : 'moveDown', order[place]), disabled: to < 0 || to >= order.length,
      onclick: () => keep(move(order, place, to), { way, place: to }),
    }, icon(way));
    const list = h('ol.rank', {}, order.map((choice, place) => h('li.choice', {},
      h('span.grip', { 'aria-hidden': 'true', onpointerdown: (event) => drag(event, place, (to) => keep(move(order, place, to))) }, String(place + 1)),
      h('span', {}, h('bdi', {}, choice.label)),
      arrow('up', place, place - 1), arrow('down', place, place + 1))));
    fill(element, h('p.hint', {}, t('rankHelp')), list,
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

/** Follow the finger with the row; where it is let go is its new place. */
function drag(event, from, drop) {
  const grip = event.currentTarget;
  const row = grip.closest('li');
  const rows = [...row.parentElement.children];
  const middles = rows.map((each) => each.getBoundingClientRect()).map(({ top, height }) => top + height / 2);
  const start = event.clientY;
  grip.setPointerCapture(event.pointerId);
  row.classList.add('is-dragged');
  const placeAt = (y) => middles.filter((middle, place) => place !== from && middle < middles[from] + (y - start)).length;
  const follow = ({ clientY }) => row.style.setProperty('transform', `translateY(${clientY - start}px)`);
  const end = ({ type, clientY }) => {
    grip.removeEventListener('pointermove', follow);
    row.classList.remove('is-dragged');
    row.style.removeProperty('transform');
    const to = placeAt(clientY);
    if (type === 'pointerup' && to !== from) drop(to);
  };
  grip.addEventListener('pointermove', follow);
  grip.addEventListener('pointerup', end, { once: true });
  grip.addEventListener('pointercancel', end, { once: true });
}
