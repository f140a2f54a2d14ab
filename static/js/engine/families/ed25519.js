// extract-signed(): a message that carries an Ed25519 signature before it, in base64. Checked in whole numbers;
// a few milliseconds a call, and nothing here is secret, so timing tells nothing.

import { fromBase64, readUtf8 } from './bytes.js';
import { sha512 } from './digest.js';

const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (x, m = P) => ((x % m) + m) % m;

function power(base, exponent) {
  let result = 1n;
  for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = mod(b * b)) if (e & 1n) result = mod(result * b);
  return result;
}

const inverse = (x) => power(x, P - 2n);
const D = mod(-121665n * inverse(121666n));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);

const littleEndian = (bytes) => bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);

/** The point whose y and sign of x are packed in 32 bytes, as [X, Y, Z, T], or null if there is none. */
function point(bytes) {
  const packed = littleEndian(bytes);
  const y = packed & ((1n << 255n) - 1n);
  if (y >= P) return null;
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x - square)) x = mod(x * ROOT_OF_MINUS_ONE);
  if (mod(x * x - square)) return null;
  if ((x & 1n) !== packed >> 255n) {
    if (!x) return null;
    x = P - x;
  }
  return [x, y, 1n, mod(x * y)];
}

function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2)), b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * t1 * t2 * D), d = mod(2n * z1 * z2);
  const e = b - a, f = d - c, g = d + c, h = b + a;
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function times(p, n) {
  let result = [0n, 1n, 1n, 0n];
  for (let q = p, e = n; e > 0n; e >>= 1n, q = add(q, q)) if (e & 1n) result = add(result, q);
  return result;
}

const same = ([x1, y1, z1], [x2, y2, z2]) => !mod(x1 * z2 - x2 * z1) && !mod(y1 * z2 - y2 * z1);

/** The message if the signature before it (64 bytes) is the key's, else blank. */
export function openSigned(text, key) {
  const signed = fromBase64(text), publicKey = fromBase64(key);
  if (!signed || signed.length < 64 || publicKey?.length !== 32) return '';
  const [half, message] = [signed.slice(0, 32), signed.slice(64)];
  const s = littleEndian(signed.slice(32, 64));
  const r = point(half), a = point(publicKey);
  if (!r || !a || s >= ORDER) return '';
  const k = mod(littleEndian(sha512(Uint8Array.from([...half, ...publicKey, ...message]))), ORDER);
  const generator = point(Uint8Array.from([0x58, ...new Array(31).fill(0x66)]));
  return same(times(generator, s), add(r, times(a, k))) ? readUtf8(message) : '';
}
