/**
 * A map drawn by ourselves: outlines, a grid of degrees, a scale bar, shapes and points. It moves by finger, by buttons
 * and by keys, knows nothing of questions, and asks no other server for anything.
 *
 *   const map = makeMap({ ontap(point, nearest) , lines: [[{lat, lon}…]…] })
 *   map.element, map.show({ shapes, me }), map.fit(points), map.centre(), map.leave()
 *     shapes  [{ points, kind: 'point' | 'line' | 'area', chosen?, colour?, numbered? , key? }]
 */
import { h, icon } from '../../h.js';
import { t } from '../../texts.js';
import { findOutlines } from './outlines.js';
import { fromMap, toMap } from './geo.js';
import { paint } from './paint.js';
import { watchPlace } from './positions.js';

const TAP_PIXELS = 10;
const NEAR_PIXELS = 28;
const FIRST = [{ lat: 13.6, lon: -92.3 }, { lat: 17.9, lon: -88.2 }];
const CLOSEST = 2 ** 30;
const WIDEST = 300;

export function makeMap({ ontap = () => {}, lines = [], crosshair = false } = {}) {
  const canvas = h('canvas', { role: 'application', tabindex: 0, 'aria-label': t('map') });
  const view = { x: 0.25, y: 0.46, scale: 2 ** 14, width: 320, height: 300, lines, outlines: [], shapes: [], me: null, crosshair };
  let waiting = 0;
  let fitted = null;
  let stopMe = () => {};
  const draw = () => { waiting ||= requestAnimationFrame(() => { waiting = 0; paint(canvas, view); }); };

  const zoom = (by, at = [view.width / 2, view.height / 2]) => {
    const scale = Math.min(CLOSEST, Math.max(WIDEST, view.scale * by));
    const held = [view.x + (at[0] - view.width / 2) / view.scale, view.y + (at[1] - view.height / 2) / view.scale];
    Object.assign(view, { scale, x: held[0] - (at[0] - view.width / 2) / scale, y: held[1] - (at[1] - view.height / 2) / scale });
    draw();
  };
  const pan = (dx, dy) => {
    view.x -= dx / view.scale;
    view.y = Math.min(1, Math.max(0, view.y - dy / view.scale));
    draw();
  };
  const fit = (points) => {
    fitted = points.length ? points : FIRST;
    const at = fitted.map(toMap);
    const [left, right] = [Math.min(...at.map(([x]) => x)), Math.max(...at.map(([x]) => x))];
    const [top, bottom] = [Math.min(...at.map(([, y]) => y)), Math.max(...at.map(([, y]) => y))];
    const scale = Math.min((view.width - 60) / (right - left || 1e-12), (view.height - 60) / (bottom - top || 1e-12));
    Object.assign(view, { x: (left + right) / 2, y: (top + bottom) / 2, scale: Math.min(scale, 2 ** 24) });
    draw();
  };
  const pointAt = ([px, py]) => fromMap([view.x + (px - view.width / 2) / view.scale, view.y + (py - view.height / 2) / view.scale]);
  const tap = (at) => ontap(pointAt(at), nearest(view, at));

  const findMe = () => {
    stopMe();
    let first = true;
    stopMe = watchPlace((point) => {
      view.me = point;
      if (first) fit([point]);
      if (first) zoom(2 ** 17 / view.scale > 1 ? 2 ** 17 / view.scale : Math.min(1, 2 ** 23 / view.scale));
      first = false;
      draw();
    }, () => {});
  };

  listenToFingers(canvas, { pan, zoom, tap });
  canvas.addEventListener('keydown', (event) => {
    const step = 40;
    const moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    if (moves[event.key]) pan(...moves[event.key]);
    else if (event.key === '+' || event.key === '=') zoom(2);
    else if (event.key === '-') zoom(0.5);
    else if (event.key === 'Enter') tap([view.width / 2, view.height / 2]);
    else return;
    event.preventDefault();
  });
  const sizes = new ResizeObserver(() => {
    Object.assign(view, { width: canvas.clientWidth || 320, height: canvas.clientHeight || 300 });
    if (fitted) fit(fitted);
    draw();
  });
  sizes.observe(canvas);
  findOutlines().then((outlines) => { view.outlines = outlines; draw(); });

  const button = (name, label, onclick) => h('button.icon-button', { type: 'button', 'aria-label': t(label), onclick }, icon(name));
  const element = h('div.map', { dir: 'ltr' }, canvas, h('div.map-buttons', {},
    button('plus', 'mapIn', () => { fitted = null; zoom(2); }), button('minus', 'mapOut', () => { fitted = null; zoom(0.5); }),
    button('target', 'mapMe', findMe), button('whole', 'mapAll', () => fit(view.shapes.flatMap(({ points }) => points)))));
  canvas.addEventListener('pointerdown', () => { fitted = null; });
  fit([]);
  return {
    element, canvas, fit, zoom,
    show(more) { Object.assign(view, more); draw(); },
    centre: () => fromMap([view.x, view.y]),
    leave() { stopMe(); sizes.disconnect(); },
  };
}

/** The shape under a finger: a point near it, a line that passes near, an area around it. */
function nearest(view, at) {
  let best = null;
  let closest = NEAR_PIXELS;
  for (const shape of view.shapes) {
    const spots = shape.points.map((point) => spotOf(view, point));
    const gap = shape.kind === 'area' && inside(spots, at) ? NEAR_PIXELS - 1 : gapTo(spots, at);
    if (gap < closest) [best, closest] = [shape, gap];
  }
  return best;
}

function spotOf(view, point) {
  const [x, y] = toMap(point);
  return [(x - view.x) * view.scale + view.width / 2, (y - view.y) * view.scale + view.height / 2];
}

function gapTo(spots, [x, y]) {
  if (spots.length === 1) return Math.hypot(spots[0][0] - x, spots[0][1] - y);
  return Math.min(...spots.slice(1).map(([bx, by], place) => {
    const [ax, ay] = spots[place];
    const share = Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2 || 1)));
    return Math.hypot(ax + share * (bx - ax) - x, ay + share * (by - ay) - y);
  }));
}

function inside(spots, [x, y]) {
  let odd = false;
  spots.forEach(([ax, ay], place) => {
    const [bx, by] = spots[(place + 1) % spots.length];
    if ((ay > y) !== (by > y) && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  });
  return odd;
}

/** One finger moves, two zoom, a short touch taps. */
function listenToFingers(canvas, { pan, zoom, tap }) {
  const fingers = new Map();
  let moved = 0;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    if (fingers.size === 0) moved = 0;
    fingers.set(event.pointerId, place(event));
  });
  canvas.addEventListener('pointermove', (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = place(event);
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (other) {
      const gap = (spot) => Math.hypot(spot[0] - other[0], spot[1] - other[1]) || 1;
      zoom(gap(now) / gap(before), [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2]);
    } else if (moved > TAP_PIXELS) pan(now[0] - before[0], now[1] - before[1]);
    fingers.set(event.pointerId, now);
  });
  const end = (event) => {
    const alone = fingers.size === 1;
    if (!fingers.delete(event.pointerId) || event.type === 'pointercancel') return;
    if (alone && moved <= TAP_PIXELS) tap(place(event));
  };
  canvas.addEventListener('pointerup', end);
  canvas.addEventListener('pointercancel', end);
  canvas.addEventListener('wheel', (event) => {
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1.25 : 0.8, place(event));
  }, { passive: false });
}
