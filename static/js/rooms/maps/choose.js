/** select_one from a map: choices that have a `geometry` lie on it; the list below has them all. */
import { fill, h } from '../../h.js';
import { t } from '../../texts.js';
import { chooseOne, chooseSeveral } from '../../views/controls/choice.js';
import { readPoints, shapeOf } from './geo.js';
import { mapFor } from './point.js';

const COLOUR = /^#[\da-f]{3,8}$/i;

export function chooseOnMap(question, context) {
  const several = question.control.kind === 'select';
  const plain = { ...question, control: { ...question.control, appearance: [] } };
  const list = (several ? chooseSeveral : chooseOne)(plain, { ...context, answer: (value) => { context.answer(value); draw(context.state()); } });
  const map = mapFor(context, { ontap: (_, shape) => { if (shape) pick(shape.key); } });
  const chosen = h('p', { role: 'status' });
  const element = h('div.place', {}, map.element, chosen, h('details', {}, h('summary', {}, t('mapList')), list.element));
  let shapes = [];

  function pick(value) {
    const now = context.state();
    const before = now.value.split(' ').filter(Boolean);
    const next = before.includes(value) ? before.filter((each) => each !== value) : [...before, value];
    context.answer(several ? now.choices.map((choice) => choice.value).filter((each) => next.includes(each)).join(' ') : value);
    list.redraw(context.state());
    draw(context.state());
  }

  function place({ choices }) {
    shapes = choices.flatMap(({ value, label, row }) => {
      const points = readPoints(row?.geometry ?? '');
      const colour = COLOUR.test(row?.['marker-color'] ?? '') ? row['marker-color'] : undefined;
      return points.length ? [{ key: value, label, points, kind: shapeOf(points), colour }] : [];
    });
    map.fit(shapes.flatMap(({ points }) => points));
  }

  function draw(state) {
    const values = new Set(several ? state.value.split(' ') : [state.value]);
    const marked = shapes.map((shape) => ({ ...shape, chosen: values.has(shape.key) }));
    map.show({ shapes: marked.sort((a, b) => a.chosen - b.chosen) });
    const labels = state.choices.filter(({ value }) => values.has(value)).map(({ label }) => label);
    chosen.className = labels.length ? 'taken' : 'hint';
    fill(chosen, labels.length ? h('bdi', {}, t('mapChosen', { label: labels.join(', ') })) : t('mapChoose'));
  }

  const redraw = (state) => {
    const print = state.choices.map(({ value }) => value).join(' ');
    if (redraw.print !== print) place(state);
    redraw.print = print;
    list.redraw(state);
    draw(state);
  };
  redraw(context.state());
  return { element, redraw, leave: () => map.leave() };
}
