// Arithmetic beyond the operators.

import { FUNCTIONS } from '../library.js';
import { real } from '../functions.js';
import { toNumber } from '../values.js';

const pair = (run) => [2, 2, (c, x, y) => run(toNumber(x, c.env.zone), toNumber(y, c.env.zone))];

Object.assign(FUNCTIONS, {
  floor: real(Math.floor),
  ceiling: real(Math.ceil),
  abs: real(Math.abs),
  pow: pair(Math.pow),
  log: real(Math.log),
  log10: real(Math.log10),
  exp: real(Math.exp),
  exp10: real((x) => 10 ** x),
  sqrt: real(Math.sqrt),
  pi: [0, 0, () => Math.PI],
  sin: real(Math.sin),
  cos: real(Math.cos),
  tan: real(Math.tan),
  asin: real(Math.asin),
  acos: real(Math.acos),
  atan: real(Math.atan),
  atan2: pair(Math.atan2),
});
