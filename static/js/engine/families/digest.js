// MD5 and the SHA family, for digest() and for hashing seeds: expressions can't wait for the browser's asynchronous ones.

import { base64, hex, utf8 } from './bytes.js';

const primes = (count) => {
  const found = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime)) found.push(n);
  return found;
};

/** The first 64 bits of the fraction of a prime's square or cube root, exactly. */
function fraction(prime, power) {
  const target = BigInt(prime) << BigInt(64 * power);
  let low = 0n, high = 1n << 70n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** BigInt(power) <= target) low = middle;
    else high = middle;
  }
  return low & 0xffffffffffffffffn;
}

/** The message with its end mark and length, in blocks. */
function padded(bytes, block, littleEndian) {
  const lengthSize = block / 8;
  const size = Math.ceil((bytes.length + 1 + lengthSize) / block) * block;
  const message = new DataView(new ArrayBuffer(size));
  new Uint8Array(message.buffer).set(bytes);
  message.setUint8(bytes.length, 0x80);
  message.setBigUint64(size - 8, BigInt(bytes.length) * 8n, littleEndian);
  return message;
}

const bytesOf = (words, littleEndian) => {
  const view = new DataView(new ArrayBuffer(words.length * 4));
  words.forEach((word, i) => view.setUint32(i * 4, word, littleEndian));
  return new Uint8Array(view.buffer);
};
const left = (x, n) => (x << n) | (x >>> (32 - n));

function md5(bytes) {
  const message = padded(bytes, 64, true);
  const shifts = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let at = 0; at < message.byteLength; at += 64) {
    let [a, b, c, d] = state;
    for (let i = 0; i < 64; i++) {
      const round = i >> 4;
      const mixed = [(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)][round];
      const word = [i, 5 * i + 1, 3 * i + 5, 7 * i][round] % 16;
      const sum = (a + mixed + Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) + message.getUint32(at + word * 4, true)) | 0;
      [a, d, c, b] = [d, c, b, (b + left(sum, shifts[round * 4 + (i % 4)])) | 0];
    }
    [a, b, c, d].forEach((value, i) => { state[i] = (state[i] + value) | 0; });
  }
  return bytesOf(state, true);
}

function sha1(bytes) {
  const message = padded(bytes, 64, false);
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  const w = [];
  for (let at = 0; at < message.byteLength; at += 64) {
    let [a, b, c, d, e] = state;
    for (let i = 0; i < 80; i++) {
      w[i] = i < 16 ? message.getInt32(at + i * 4) : left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
      const round = Math.floor(i / 20);
      const mixed = [(b & c) | (~b & d), b ^ c ^ d, (b & c) | (b & d) | (c & d), b ^ c ^ d][round];
      const sum = (left(a, 5) + mixed + e + w[i] + [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6][round]) | 0;
      [a, b, c, d, e] = [sum, a, left(b, 30), c, d];
    }
    [a, b, c, d, e].forEach((value, i) => { state[i] = (state[i] + value) | 0; });
  }
  return bytesOf(state, false);
}

/** SHA-2 of either word size, in whole numbers: `bits` a word, its rotations, and where the state starts. */
function sha2(bits, turns, starts) {
  const mask = (1n << BigInt(bits)) - 1n;
  const rounds = bits === 32 ? 64 : 80;
  const cut = BigInt(64 - bits);
  const constants = primes(rounds).map((prime) => fraction(prime, 3) >> cut);
  const rotate = (x, n) => ((x >> n) | (x << (BigInt(bits) - n))) & mask;
  const [s0, s1, e0, e1] = turns.map((turn) => turn.map(BigInt));
  const small = (x, [a, b, c]) => rotate(x, a) ^ rotate(x, b) ^ (x >> c);
  const big = (x, [a, b, c]) => rotate(x, a) ^ rotate(x, b) ^ rotate(x, c);
  const size = bits / 8;
  return (bytes, length) => {
    const message = padded(bytes, size * 16, false);
    const word = (at) => (bits === 32 ? BigInt(message.getUint32(at)) : message.getBigUint64(at));
    const state = starts.map((start) => start >> cut);
    for (let block = 0; block < message.byteLength; block += size * 16) {
      const w = Array.from({ length: 16 }, (_, i) => word(block + i * size));
      for (let i = 16; i < rounds; i++) w[i] = (w[i - 16] + small(w[i - 15], s0) + w[i - 7] + small(w[i - 2], s1)) & mask;
      let [a, b, c, d, e, f, g, h] = state;
      for (let i = 0; i < rounds; i++) {
        const one = h + big(e, e1) + ((e & f) ^ (~e & mask & g)) + constants[i] + w[i];
        const two = big(a, e0) + ((a & b) ^ (a & c) ^ (b & c));
        [a, b, c, d, e, f, g, h] = [(one + two) & mask, a, b, c, (d + one) & mask, e, f, g];
      }
      [a, b, c, d, e, f, g, h].forEach((value, i) => { state[i] = (state[i] + value) & mask; });
    }
    const text = state.map((value) => value.toString(16).padStart(size * 2, '0')).join('');
    return Uint8Array.from(text.match(/../g).slice(0, length), (pair) => parseInt(pair, 16));
  };
}

const TURNS = { 32: [[7, 18, 3], [17, 19, 10], [2, 13, 22], [6, 11, 25]], 64: [[1, 8, 7], [19, 61, 6], [28, 34, 39], [14, 18, 41]] };
const roots = (from) => primes(16).slice(from, from + 8).map((prime) => fraction(prime, 2));
const cache = {};
const made = (bits, from) => (cache[`${bits}.${from}`] ??= sha2(bits, TURNS[bits], roots(from)));

/** @param {Uint8Array} bytes */
export const sha256 = (bytes) => made(32, 0)(bytes, 32);
export const sha512 = (bytes) => made(64, 0)(bytes, 64);
const ALGORITHMS = { MD5: md5, 'SHA-1': sha1, 'SHA-256': sha256, 'SHA-384': (bytes) => made(64, 8)(bytes, 48), 'SHA-512': sha512 };

/** @param {string} text @param {string} algorithm MD5, SHA-1, SHA-256, SHA-384 or SHA-512 @param {string} encoding base64 or hex */
export function digest(text, algorithm, encoding) {
  const run = ALGORITHMS[algorithm.toUpperCase().replace(/^SHA(?!-)/, 'SHA-')];
  if (!run) throw new RangeError(`digest() knows no ${algorithm}.`);
  const write = { hex, base64 }[encoding.toLowerCase()];
  if (!write) throw new RangeError(`digest() writes no ${encoding}.`);
  return write(run(utf8(text)));
}
