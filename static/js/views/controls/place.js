/** A point from the phone's satellites, with its accuracy in sight; taken only when asked for, and the person decides. */
import { fill, h, icon } from '../../h.js';
import { t } from '../../texts.js';

const GOOD_ENOUGH = 5;

/** Stored as "latitude longitude altitude accuracy". */
export function place(question, context) {
  const good = Number(question.control.parameters?.['capture-accuracy']) || GOOD_ENOUGH;
  const element = h('div.place', { role: 'group', ...context.naming });
  let watch = null;
  let best = null;

  function stop() {
    if (watch !== null) navigator.geolocation.clearWatch(watch);
    watch = null;
  }

  function keep() {
    stop();
    const { latitude, longitude, altitude, accuracy } = best.coords;
    context.answer([latitude, longitude, altitude ?? 0, accuracy].map((n) => String(Number(n.toFixed(7)))).join(' '));
    draw(context.state());
  }

  function better(position) {
    if (best === null || position.coords.accuracy <= best.coords.accuracy) best = position;
    if (best.coords.accuracy <= good) keep();
    else drawSearch();
  }

  function start() {
    best = null;
    if (!navigator.geolocation) return fail({ code: 2 });
    watch = navigator.geolocation.watchPosition(better, fail, { enableHighAccuracy: true, maximumAge: 0, timeout: 120_000 });
    return drawSearch();
  }

  function fail({ code }) {
    stop();
    fill(element, h('p.alert', { role: 'alert' }, t(code === 1 ? 'placeDenied' : 'placeFailed')), button('placeAgain', start));
  }

  function drawSearch() {
    const words = best ? t('placeAccuracy', { n: Math.round(best.coords.accuracy) }) : t('placeBusy');
    fill(element, h('p.big', { role: 'status' }, words), best ? button('placeKeep', keep) : null, button('cancel', () => { stop(); draw(context.state()); }));
  }

  function draw(state) {
    if (watch !== null) return;
    const accuracy = state.value.split(' ')[3];
    fill(element,
      state.value === '' ? null : h('p.taken', {}, icon('pin'), h('span', {}, `${t('placeTaken')}. ${t('placeAccuracy', { n: Math.round(accuracy) })}`)),
      button(state.value === '' ? 'placeTake' : 'placeAgain', start));
  }

  draw(context.state());
  return { element, redraw: draw, leave: stop };
}

function button(words, onclick) {
  return h('button.plain.wide', { type: 'button', onclick }, t(words));
}
