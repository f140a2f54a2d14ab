/**
 * What happened, told to every view and every other tab of the app: 'queue', 'drafts', 'catalogue', 'line',
 * 'language', 'update', 'meta'.
 */
const here = new EventTarget();
const everywhere = 'BroadcastChannel' in self ? new BroadcastChannel('encuesta') : null;

everywhere?.addEventListener('message', ({ data }) => here.dispatchEvent(new Event(data)));

/** Tell this tab and the others that `topic` changed. */
export function tell(topic) {
  here.dispatchEvent(new Event(topic));
  everywhere?.postMessage(topic);
}

/** Tell this tab only. */
export function tellHere(topic) {
  here.dispatchEvent(new Event(topic));
}

/** Call `listener` whenever one of `topics` changes, until `signal` is aborted. */
export function listen(topics, listener, signal) {
  for (const topic of [topics].flat()) here.addEventListener(topic, listener, { signal });
}
