// Shuffling that gives the same order as every ODK client for the same seed: Park and Miller's generator
// and an inside-out Fisher-Yates shuffle.

import { sha256 } from './digest.js';
import { textNumber, toText } from '../values.js';
import { utf8 } from './bytes.js';

const MODULUS = 2147483647;

/** Numbers are cut to whole ones, blanks and NaN count as 0, other texts by the first 64 bits of their SHA-256. */
function seedOf(value) {
  if (typeof value === 'boolean') return Number(value);
  const number = typeof value === 'number' ? value : textNumber(toText(value), () => 0);
  if (Number.isFinite(number)) return Number(BigInt(Math.trunc(number)) % BigInt(MODULUS));
  const text = typeof value === 'number' ? '' : toText(value);
  if (!text) return 0;
  const hash = new DataView(Uint8Array.from(sha256(utf8(text))).buffer).getBigInt64(0);
  return Number(hash % BigInt(MODULUS));
}

/** A generator of numbers from 0 up to 1 that a seed fixes. */
export function chance(seed) {
  let state = seedOf(seed);
  if (state <= 0) state += MODULUS - 1;
  return () => {
    state = (state * 16807) % MODULUS;
    return (state - 1) / (MODULUS - 1);
  };
}

/** A shuffled copy. @param {() => number} random */
export function shuffle(list, random) {
  const shuffled = [];
  list.forEach((each, i) => {
    const j = Math.floor(random() * (i + 1));
    shuffled[i] = shuffled[j];
    shuffled[j] = each;
  });
  return shuffled;
}
