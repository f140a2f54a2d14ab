/** A place that the form takes by itself (start-geopoint, background-geopoint): the best reading of some seconds. */
import { writePoint } from './geo.js';
import { watchPlace } from './positions.js';

const GOOD_ENOUGH = 10;
const WAIT_MS = 20_000;

/** Resolves to the text to be stored, or '' when the phone can't or may not tell. */
export function takePlace(signal) {
  return new Promise((resolve) => {
    let best = null;
    const end = () => {
      stop();
      clearTimeout(timer);
      resolve(best ? writePoint(best) : '');
    };
    const timer = setTimeout(end, WAIT_MS);
    const stop = watchPlace((point) => {
      if (!best || point.acc <= best.acc) best = point;
      if (best.acc <= GOOD_ENOUGH) queueMicrotask(end);
    }, () => queueMicrotask(end));
    signal?.addEventListener('abort', end, { once: true });
  });
}
