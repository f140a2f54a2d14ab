/**
 * What happened, told to every view and every other tab of the app: 'queue', 'drafts', 'catalogue', 'sync', 'language'.
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

/** Call `listener` whenever one of `topics` changes; returns the function that stops it. */
export function listen(topics, listener) {
  const names = [topics].flat();
  for (const name of names) here.addEventListener(name, listener);
  return () => names.forEach((name) => here.removeEventListener(name, listener));
}
