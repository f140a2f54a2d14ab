/**
 * The public keys that this phone seals to, pinned at enrolment: `vault` 'keys' is
 *
 *   { office: { x, y, kid } | null, keys: { kid: { x, y } }, waves: { wave id, or '' for forms without one: kid }, refused: [{ wave, kid }] }
 *
 * Which keys come in here, and why others don't, is rooms/lock/trust.js. A key is known by its `kid`, the SHA-256 of the
 * key itself (RFC 7638); people compare the first half of it, as the office's page of the wave shows it.
 */
import { get } from './store.js';
import { emptySince } from './vault.js';

/** { kid, jwk } for interviews of a wave (null: of none); null when the phone trusts no key for it. */
export async function keyOfWave(wave) {
  const pinned = await get('vault', 'keys');
  const kid = pinned?.waves[wave ?? ''] ?? pinned?.waves[''];
  return kid && pinned.keys[kid] ? { kid, jwk: pinned.keys[kid] } : null;
}

/** Said loudly on the first screen when the server sent a key that this phone doesn't believe; null otherwise. */
export async function keyAlarm() {
  const { refused = [] } = (await get('vault', 'keys')) ?? {};
  return refused.length && !emptySince() ? (await import('./rooms/lock/about.js')).refusal() : null;
}

/** "9F2C 41D0 …": eight groups to read out by voice. */
export function fingerprint(kid) {
  const binary = atob(kid.replaceAll('-', '+').replaceAll('_', '/'));
  const hex = Array.from(binary.slice(0, 16), (each) => each.charCodeAt(0).toString(16).padStart(2, '0')).join('');
  return hex.toUpperCase().match(/.{4}/g).join(' ');
}
