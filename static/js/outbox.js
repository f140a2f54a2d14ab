/**
 * How many finished interviews are on the phone, and which wait: what every view and every round of sending asks. What
 * an item is and what is done with it is rooms/outbox/items.js.
 */
import { listen } from './bus.js';
import { countBy } from './store.js';
import { emptySince } from './vault.js';

/** The items of a state, or those from the moment on that this phone shows. */
export function rangeOf(state, hidden) {
  return IDBKeyRange.bound([state, (!hidden && emptySince()) || ''], [state, []]);
}

/** The numbers as they were counted last, until any tab changes the queue. */
const numbers = new Map();
listen('queue', () => numbers.clear());

/** How many wait, how many wait for their pictures and how many were refused: the numbers that are always in sight. */
export function countQueue({ hidden = false } = {}) {
  const since = hidden ? '' : emptySince() ?? '';
  if (!numbers.has(since)) {
    const counted = count(hidden);
    numbers.set(since, counted);
    counted.catch(() => numbers.delete(since));
  }
  return numbers.get(since);
}

async function count(hidden) {
  const states = ['waiting', 'media', 'refused', 'sent'];
  const counted = await Promise.all(states.map((state) => countBy('outbox', 'line', rangeOf(state, hidden))));
  return Object.fromEntries(states.map((state, place) => [state, counted[place]]));
}

