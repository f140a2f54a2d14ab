/** What the person holding the phone should know about it, on the first screen: drawn after everything else. */
import { calm, whenIdle } from '../boot.js';
import { listen } from '../bus.js';
import { fill, h, untouched } from '../h.js';

let latest = []; // as they were last: who comes back to the first screen finds its buttons where they will stay
listen('lock', () => { latest = []; });

/** An element that fills itself with cards when there is something to say, and empties itself when there isn't. One for each view. */
export function stateCards(signal) {
  const place = h('div.stack.state', {}, latest);
  const draw = async () => {
    await calm;
    const { cards } = await import('../rooms/state/cards.js');
    const nodes = signal.aborted ? [] : await cards(draw);
    await untouched(place);
    if (signal.aborted) return;
    fill(place, nodes);
    latest = nodes;
  };
  const drawIfHere = () => draw().catch(() => {}); // the room may not be on the phone yet
  listen(['queue', 'drafts', 'catalogue', 'update', 'line'], drawIfHere, signal);
  whenIdle(drawIfHere, 300);
  return place;
}
