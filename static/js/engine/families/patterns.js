// regex().

import { FUNCTIONS } from '../library.js';
import { matches } from './regex.js';
import { toText } from '../values.js';

Object.assign(FUNCTIONS, {
  regex: [2, 2, (c, value, pattern) => matches(toText(value), toText(pattern))],
});
