/**
 * A line (geotrace) or an area (geoshape): tapped on a map, walked with the phone, or written as coordinates. The list of
 * points below the map does all that the map does, without a map.
 */
import { fill, h, icon } from '../../h.js';
import { locale, t } from '../../texts.js';
import { ownDigits } from '../../views/controls/typed.js';
import { areaOf, distance, isPlace, lengthOf, readPoints, writePoints } from './geo.js';
import { mapFor } from './point.js';
import { watchPlace } from './positions.js';

const WALK_METRES = 5;

export function trace(question, context) {
  return lineControl(context, { least: 2, closed: false, short: 'traceShort' });
}

export function shape(question, context) {
  return lineControl(context, { least: 3, closed: true, short: 'shapeShort' });
}

function lineControl(context, { least, closed, short }) {
  let points = open(readPoints(context.state().value), closed);
  let stopWalk = null;
  let stopFix = null;
  const map = mapFor(context, { movable: true, ontap: (point) => add({ ...point, alt: 0, acc: 0 }) });
  const state = h('p.big', { role: 'status' });
  const buttons = h('div.tools');
  const list = h('ol.points');
  const summary = h('summary');
  const fields = coordinates((point) => { add({ ...point, alt: 0, acc: 0 }); map.fit(points); });
  const trouble = h('p.alert', { role: 'alert', hidden: true });
  const element = h('div.place', { role: 'group', ...context.naming },
    h('p.hint', {}, t('pointsHelp')), map.element, state, trouble, buttons, h('details', {}, summary, list, fields));

  const keep = () => {
    const whole = closed ? [...points, points[0]] : points;
    context.answer(points.length >= least ? writePoints(whole) : '');
    draw();
  };
  const add = (point) => { points = [...points, point]; keep(); };
  const remove = (place) => { points = points.toSpliced(place, 1); keep(); };
  const sayTrouble = (words) => {
    trouble.hidden = !words;
    fill(trouble, words ? t(words) : null);
  };

  function walk() {
    if (stopWalk) return endWalk();
    sayTrouble(null);
    stopWalk = watchPlace((point) => {
      map.show({ me: point });
      const last = points.at(-1);
      if (!last || distance(last, point) >= Math.max(WALK_METRES, point.acc / 2)) add(point);
    }, (words) => { endWalk(); sayTrouble(words); });
    return draw();
  }

  function endWalk() {
    stopWalk?.();
    stopWalk = null;
    draw();
  }

  function addMine() {
    sayTrouble(null);
    stopFix?.();
    stopFix = watchPlace((point) => {
      stopFix?.();
      map.show({ me: point });
      map.fit([...points, point]);
      add(point);
    }, sayTrouble);
  }

  function draw() {
    map.show({ shapes: points.length ? [{ points, kind: closed && points.length >= 3 ? 'area' : 'line', numbered: true }] : [] });
    fill(state, measures(points, closed));
    const tool = (name, words, onclick, disabled = false, pressed = null) => h('button.plain', { type: 'button', onclick, disabled, 'aria-pressed': pressed }, icon(name), t(words));
    fill(buttons,
      tool('plus', 'addPoint', () => add({ ...map.centre(), alt: 0, acc: 0 })), tool('undo', 'undo', () => remove(points.length - 1), points.length === 0),
      tool('pin', 'addMine', addMine), tool(stopWalk ? 'stop' : 'walk', stopWalk ? 'walkStop' : 'walk', walk, false, Boolean(stopWalk)));
    fill(summary, t('pointsList', { n: points.length }));
    fill(list, ...points.map((point, place) => h('li', {},
      h('span', {}, `${place + 1}. `, h('bdi', { dir: 'ltr' }, `${point.lat.toFixed(5)}, ${point.lon.toFixed(5)}`)),
      h('button.icon-button', { type: 'button', 'aria-label': t('pointRemove', { n: place + 1 }), onclick: () => remove(place) }, icon('bin')))));
  }

  draw();
  if (points.length) map.fit(points);
  return {
    element,
    redraw({ value }) {
      const given = open(readPoints(value), closed);
      if (value === '' ? points.length >= least : writePoints(given) !== writePoints(points)) points = given;
      draw();
    },
    problem: () => (points.length > 0 && points.length < least ? short : null),
    leave() {
      stopWalk?.();
      stopFix?.();
      map.leave();
    },
  };
}

/** An area's ring without its closing point. */
function open(points, closed) {
  const [first, last] = [points[0], points.at(-1)];
  return closed && points.length > 1 && first.lat === last.lat && first.lon === last.lon ? points.slice(0, -1) : points;
}

function measures(points, closed) {
  const n = points.length;
  if (n === 0) return '';
  const short = (value, unit) => `${value.toLocaleString(locale(), { maximumSignificantDigits: 3 })} ${unit}`;
  const metres = lengthOf(closed && n > 2 ? [...points, points[0]] : points);
  const length = metres < 1000 ? short(metres, 'm') : short(metres / 1000, 'km');
  if (!closed || n < 3) return t('traceState', { n, length });
  const square = areaOf(points);
  const area = square < 10_000 ? short(square, 'm²') : square < 1e6 ? short(square / 10_000, 'ha') : short(square / 1e6, 'km²');
  return t('shapeState', { n, length, area });
}

/** Two fields and a button: a point by its coordinates. */
function coordinates(add) {
  const field = (key) => h('input', { inputmode: 'text', autocomplete: 'off', dir: 'ltr', 'aria-label': t(key), placeholder: t(key) });
  const [lat, lon] = [field('latitude'), field('longitude')];
  const message = h('p.message', { role: 'alert' });
  const read = (input) => Number(ownDigits(input.value.trim()).replace(',', '.') || NaN);
  const onclick = () => {
    const point = { lat: read(lat), lon: read(lon) };
    fill(message, isPlace(point.lat, point.lon) ? null : t('badPlace'));
    if (message.hasChildNodes()) return;
    add(point);
    [lat.value, lon.value] = ['', ''];
    lat.focus();
  };
  return h('div.stack.coordinate-fields', {}, h('div.row', {}, lat, lon), message, h('button.plain', { type: 'button', onclick }, t('pointAdd')));
}
