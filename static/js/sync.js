/**
 * The line to the office, as the views see it. What sends is rooms/sync/rounds.js: it is loaded when the first view shows,
 * so that opening the app doesn't wait for it.
 */
import { whenIdle } from './boot.js';
import { listen } from './bus.js';
import { get } from './store.js';
import { locked } from './vault.js';

/** Who unlocks the phone wants to see something first. */
const AFTER_UNLOCKING = 500;

/** What the screens show: is a round running, what did the last one meet (null is fine), when did the server last answer. */
export const line = { busy: false, reason: null, contact: null, file: null };

/** Begin; call once, when the app has started. Sends when the app comes into view and when a line may be back. */
export async function startSync() {
  line.contact = (await get('meta', 'contact')) ?? null;
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'visible') syncNow(); });
  listen('lock', () => { if (!locked()) whenIdle(() => syncNow(), AFTER_UNLOCKING); });
  addEventListener('online', () => syncNow());
  navigator.serviceWorker?.addEventListener('message', ({ data }) => { if (data === 'line') syncNow(); });
  syncNow();
}

/** Try now, and forget earlier failures. `catalogue`: ask for the forms too, however lately that was done. */
export async function syncNow(wanted = {}) {
  const { sendNow } = await import('./rooms/sync/rounds.js');
  return sendNow(wanted);
}
