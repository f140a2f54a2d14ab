// regex().

import { matches } from './regex.js';
import { toText } from '../values.js';

export const FAMILY = {
  regex: [2, 2, (c, value, pattern) => matches(toText(value), toText(pattern))],
};
