/**
 * A point, from the phone's satellites with its accuracy in sight, or put on a map (`placement-map`); `maps` shows where it
 * lies. It is taken only when asked for. Readings are averaged; at the wanted accuracy it is taken by itself.
 */
import { fill, h, icon } from '../../h.js';
import { t } from '../../texts.js';
import { average, linesOfGeoJson, readPoints, writePoint } from './geo.js';
import { makeMap } from './map.js';
import { watchPlace } from './positions.js';

const GOOD_ENOUGH = 5;
const POOR = 100;
const KEPT_READINGS = 20;
const CLOSE = 2 ** 22;

/** Stored as "latitude longitude altitude accuracy". */
export function place(question, context) {
  const { parameters = {}, appearance: looks = [] } = question.control;
  const wanted = limit(parameters.accuracyThreshold ?? parameters['capture-accuracy'], GOOD_ENOUGH);
  const poor = limit(parameters.unacceptableAccuracyThreshold ?? parameters['warning-accuracy'], POOR);
  const movable = looks.includes('placement-map');
  const map = movable || looks.includes('maps') ? mapFor(context, { movable, ontap: (point) => movable && put(point) }) : null;
  const panel = h('div.stack');
  const element = h('div.place', { role: 'group', ...context.naming }, map?.element, panel);
  let stop = null;
  let readings = [];

  const end = () => {
    stop?.();
    stop = null;
  };
  const put = (point) => {
    end();
    context.answer(writePoint(point));
    redraw(context.state());
  };
  const keep = () => put(average(readings));

  function found(point) {
    const best = Math.min(point.acc, ...readings.map(({ acc }) => acc));
    readings = [...readings, point].filter(({ acc }) => acc <= Math.max(best * 2, best + 1)).slice(-KEPT_READINGS);
    if (wanted > 0 && best <= wanted) keep();
    else drawSearch();
  }

  function start() {
    end();
    readings = [];
    let failed = false;
    stop = watchPlace(found, (words) => {
      failed = true;
      end();
      fill(panel, h('p.alert', { role: 'alert' }, t(words)), button('placeAgain', start));
    });
    if (!failed) drawSearch();
  }

  function drawSearch() {
    const best = readings.length ? average(readings) : null;
    fill(panel,
      h('p.big', { role: 'status' }, best ? t('placeAccuracy', { n: Math.round(best.acc) }) : t('placeBusy')),
      readings.length > 1 ? h('p.hint', {}, t('placeReadings', { n: readings.length })) : null,
      wanted > 0 ? h('p.hint', {}, t('placeWanted', { n: wanted })) : null,
      best && best.acc > poor ? warning(poor) : null,
      best ? button('placeKeep', keep, 'main') : null,
      button('cancel', () => { end(); draw(context.state()); }));
    if (best) map?.show({ me: best });
  }

  function draw({ value }) {
    if (stop) return;
    const [point] = readPoints(value);
    fill(panel,
      point ? h('p.taken', {}, icon('pin'), h('span', {}, t('placeTaken'), point.acc ? `. ${t('placeAccuracy', { n: Math.round(point.acc) })}` : '',
        h('bdi.coordinates', { dir: 'ltr' }, `${point.lat.toFixed(5)}, ${point.lon.toFixed(5)}`))) : null,
      point && point.acc > poor ? warning(poor) : null,
      movable ? button('placeHere', () => put({ ...map.centre(), alt: 0, acc: 0 })) : null,
      button(point ? 'placeAgain' : 'placeTake', start));
  }

  function redraw(state) {
    const points = readPoints(state.value);
    map?.show({ shapes: points.map((point) => ({ points: [point], kind: 'point', chosen: true })) });
    draw(state);
  }

  redraw(context.state());
  const [known] = readPoints(context.state().value);
  if (known && map) {
    map.fit([known]);
    map.zoom(CLOSE / 2 ** 24);
  }
  return { element, redraw, leave: () => { end(); map?.leave(); } };
}

function limit(text, otherwise) {
  return text === undefined || Number.isNaN(Number(text)) ? otherwise : Number(text);
}

function warning(poor) {
  return h('p.alert', {}, icon('warn'), h('span', {}, t('placePoor', { n: poor })));
}

function button(words, onclick, look = 'plain') {
  return h(`button.${look}.wide`, { type: 'button', onclick }, t(words));
}

/** A map with the outlines that come with the form, if any do. */
export function mapFor(context, { movable = false, ...options } = {}) {
  const files = Object.entries(context.filling?.files ?? {});
  const lines = files.filter(([name, text]) => name.endsWith('.geojson') && typeof text === 'string').flatMap(([, text]) => linesOfGeoJson(text));
  const map = makeMap({ ...options, lines, crosshair: movable });
  if (lines.length) map.fit(lines.flat());
  return map;
}
