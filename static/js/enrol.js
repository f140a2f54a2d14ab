/** Making this phone known to the server: a one-time code becomes a device token, which only the phone and the server see. */
import { call } from './api.js';
import { tell } from './bus.js';
import { commit } from './store.js';

/** The code in what was scanned, pasted or typed: a link ending in `#enrol=CODE`, or the code alone; null for anything else. */
export function readCode(text) {
  const trimmed = text.trim();
  const [, fromLink] = trimmed.match(/#enrol=([^&\s]+)/) ?? [];
  if (fromLink) return decodeURIComponent(fromLink);
  return /^[A-Za-z0-9_-]{6,64}$/.test(trimmed) ? trimmed : null;
}

/** Take the code out of the address at once, so that it stays in no history. */
export function takeCodeFromAddress() {
  const code = location.hash.startsWith('#enrol=') ? readCode(location.hash) : null;
  if (code) history.replaceState(null, '', '#/enrol');
  return code;
}

/** Enrol with `code`. Returns null when it worked, else why it didn't: 'code' or a reason of api.js. */
export async function enrol(code) {
  const answer = await call('/api/v1/enrol', { body: { code } });
  if (answer.kind === 'problem') return 'code';
  if (answer.kind === 'waiting') return answer.reason === 'unknown-phone' ? 'code' : answer.reason;
  const { token, device, programme } = answer.data;
  if (!token || !device) return 'portal';
  await commit([
    { store: 'meta', key: 'device', value: { ...device, token, programme } },
    { store: 'meta', key: 'catalogue' },
  ]);
  tell('catalogue');
  return null;
}
