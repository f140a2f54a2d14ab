// base64-decode() and extract-signed().

import { FUNCTIONS } from '../library.js';
import { fromBase64, readUtf8 } from './bytes.js';
import { openSigned } from './ed25519.js';
import { toText } from '../values.js';

Object.assign(FUNCTIONS, {
  'base64-decode': [1, 1, (c, value) => readUtf8(fromBase64(toText(value)) ?? [])],
  'extract-signed': [2, 2, (c, value, key) => openSigned(toText(value), toText(key))],
});
