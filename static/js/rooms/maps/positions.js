/** Where the phone is, as it finds out: readings that get better, and why there are none. */
import { pointOf } from './geo.js';

const PATIENCE_MS = 120_000;

/** Watch until `stop()` is called: `found(point)` for every reading, `failed('placeDenied' | 'placeFailed')` at most once. */
export function watchPlace(found, failed) {
  let watch = null;
  const stop = () => {
    if (watch !== null) navigator.geolocation.clearWatch(watch);
    watch = null;
  };
  if (!navigator.geolocation) {
    failed('placeFailed');
    return stop;
  }
  watch = navigator.geolocation.watchPosition(
    (position) => found(pointOf(position)),
    ({ code }) => { stop(); failed(code === 1 ? 'placeDenied' : 'placeFailed'); },
    { enableHighAccuracy: true, maximumAge: 0, timeout: PATIENCE_MS },
  );
  return stop;
}
