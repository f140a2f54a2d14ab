/** What the person holding the phone should know about it, on the first screen: drawn after everything else. */
import { calm, whenIdle } from '../boot.js';
import { listen } from '../bus.js';
import { fill, h, untouched } from '../h.js';

/** An element that fills itself with cards when there is something to say, and empties itself when there isn't. */
export function stateCards(signal) {
  const place = h('div.stack.state');
  const draw = async () => {
    await calm;
    const { cards } = await import('../rooms/state/cards.js');
    if (signal.aborted) return;
    const nodes = await cards(draw);
    await untouched(place);
    fill(place, nodes);
  };
  const drawIfHere = () => draw().catch(() => {}); // the room may not be on the phone yet
  listen(['queue', 'drafts', 'catalogue', 'update', 'line'], drawIfHere, signal);
  whenIdle(drawIfHere, 300);
  return place;
}
