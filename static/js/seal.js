/**
 * Sealing: what leaves the drafts is encrypted to the public key of its wave, and no key on this phone opens it again.
 *
 *   seal(bytes, wave, about)       a finished interview: gzip inside a JWE (ECDH-ES on P-256, A256GCM, compact)
 *   sealMedia(bytes, wave, about)  a file: its own key in such a JWE, then the content in numbered chunks of 256 KB
 *
 * `about` ({ id, form, version } or { id, name, type }) is written in the protected header: readable, so that a server
 * without the key knows where it belongs, and not to be changed without breaking the seal.
 * Which key belongs to which wave, and which keys this phone trusts, is in keys.js.
 */
import { digestOf } from './api.js';
import { keyOfWave } from './keys.js';

const CHUNK = 256 * 1024;
const ALGORITHM = 'A256GCM';
const MAGIC = [0x53, 0x45, 0x4c, 0x31]; // "SEL1"

/** No key for this wave is on the phone yet, or the one that came isn't trusted: nothing may be finished until there is. */
export class NoKey extends Error {
  name = 'NoKey';
}

/** What lies on the phone and crosses the line instead of `bytes`. */
export async function seal(bytes, wave, about = {}) {
  const zips = 'CompressionStream' in self;
  const inside = zips ? await zip(bytes) : bytes;
  const sealed = encode(await envelope(inside, await publicKey(wave), { cty: zips ? 'gzip' : 'xml', wave, ...about }));
  return { member: 'sealed', bytes: sealed, sha256: await digestOf(sealed) };
}

/** "SEL1", the length of the envelope, the envelope with the content's key, the chunks; the last one says that it is. */
export async function sealMedia(bytes, wave, about = {}) {
  const raw = crypto.getRandomValues(new Uint8Array(32));
  const head = encode(await envelope(raw, await publicKey(wave), { cty: 'key', chunk: CHUNK, size: bytes.length, wave, ...about }));
  const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt']);
  raw.fill(0);
  const count = Math.max(1, Math.ceil(bytes.length / CHUNK));
  const sealed = new Uint8Array(8 + head.length + bytes.length + 16 * count);
  sealed.set(MAGIC);
  new DataView(sealed.buffer).setUint32(4, head.length);
  sealed.set(head, 8);
  let at = 8 + head.length;
  for (let index = 0; index < count; index += 1) {
    const part = await crypto.subtle.encrypt(
      { name: 'AES-GCM', iv: chunkIv(index, index === count - 1) }, key, bytes.subarray(index * CHUNK, (index + 1) * CHUNK),
    );
    sealed.set(new Uint8Array(part), at);
    at += part.byteLength;
  }
  return { member: 'sealed', bytes: sealed, sha256: await digestOf(sealed) };
}

/** The key is new for every file, so the chunk's number is all that its IV needs; the last byte marks the last chunk. */
function chunkIv(index, last) {
  const iv = new Uint8Array(12);
  new DataView(iv.buffer).setUint32(7, index);
  iv[11] = last ? 1 : 0;
  return iv;
}

async function publicKey(wave) {
  const key = await keyOfWave(wave);
  if (!key) throw new NoKey();
  return key;
}

/** RFC 7516: direct key agreement with a key pair that is used once. */
async function envelope(plain, { jwk, kid }, more) {
  const curve = { name: 'ECDH', namedCurve: 'P-256' };
  const theirs = await crypto.subtle.importKey('jwk', { kty: 'EC', crv: 'P-256', x: jwk.x, y: jwk.y }, curve, false, []);
  const ours = await crypto.subtle.generateKey(curve, false, ['deriveBits']);
  const { x, y } = await crypto.subtle.exportKey('jwk', ours.publicKey);
  const header = base64url(encode(JSON.stringify({ alg: 'ECDH-ES', enc: ALGORITHM, kid, epk: { kty: 'EC', crv: 'P-256', x, y }, ...more })));
  const shared = await crypto.subtle.deriveBits({ name: 'ECDH', public: theirs }, ours.privateKey, 256);
  const key = await crypto.subtle.importKey('raw', await concatKdf(shared), 'AES-GCM', false, ['encrypt']);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: encode(header) }, key, plain));
  return [header, '', base64url(iv), base64url(sealed.subarray(0, -16)), base64url(sealed.subarray(-16))].join('.');
}

/** RFC 7518, 4.6.2, for one block: counter, secret, algorithm, no party names, 256 bits. */
function concatKdf(shared) {
  const name = encode(ALGORITHM);
  const bytes = new Uint8Array(4 + 32 + 4 + name.length + 4 + 4 + 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 1);
  bytes.set(new Uint8Array(shared), 4);
  view.setUint32(36, name.length);
  bytes.set(name, 40);
  view.setUint32(bytes.length - 4, 256);
  return crypto.subtle.digest('SHA-256', bytes);
}

function zip(bytes) {
  return new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer();
}

function base64url(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function encode(text) {
  return new TextEncoder().encode(text);
}
