// digest() and randomize(), which hashes the seeds that are texts.

import { FUNCTIONS } from '../library.js';
import { chance, shuffle } from './random.js';
import { digest } from './digest.js';
import { needNodes } from '../paths.js';
import { toText } from '../values.js';

/** Without a seed, the same order for as long as the interview is open. */
function randomized(c, nodes, seed) {
  return shuffle(needNodes(nodes).filter((node) => node.relevant), chance(seed ?? c.env.seed));
}

Object.assign(FUNCTIONS, {
  digest: [2, 3, (c, value, algorithm, encoding = 'base64') => digest(toText(value), toText(algorithm), toText(encoding))],
  randomize: [1, 2, randomized],
});
