/** Making this phone known to the server: a one-time code becomes a device token, which only the phone and the server see. */
import { call } from './api.js';
import { early, ENROLLED } from './boot.js';
import { tell } from './bus.js';
import { commit } from './store.js';

/** The code in what was scanned, pasted or typed: a link ending in `#enrol=CODE`, or the code alone; null for anything else. */
export function readCode(text) {
  const trimmed = text.trim();
  const [, fromLink] = trimmed.match(/#enrol=([^&\s]+)/) ?? [];
  if (fromLink) return decodeURIComponent(fromLink);
  return /^[A-Za-z0-9_-]{6,64}$/.test(trimmed) ? trimmed : null;
}

/** The start of the office key's fingerprint, when the link has it: the server can't slip another key in then. */
export function readFingerprint(text) {
  return /[#&]key=([A-Za-z0-9_-]{16,43})/.exec(text)?.[1] ?? null;
}

/** An enrolment that worked before the app was there, and that nobody has taken up: { link, answer }, or null. */
export function keptEnrolment() {
  try {
    return JSON.parse(localStorage.getItem(ENROLLED));
  } catch {
    return null;
  }
}

/** Who enrols trusts the office that gave out the code, and nothing that was pinned before. */
function pinnedAnew(expected) {
  return { office: null, expected, keys: {}, waves: {}, refused: [] };
}

/** Enrol with `code`, found in `text`. Returns null when it worked, else why not: 'code' or a reason of api.js. */
export async function enrol(code, text = '') {
  await early.get(ENROLLED); // it may be on its way
  const kept = keptEnrolment();
  const worked = kept && readCode(kept.link) === code;
  const answer = worked ? { kind: 'ok', data: kept.answer } : await call('/api/v1/enrol', { body: { code } });
  if (answer.kind === 'problem') return 'code';
  if (answer.kind === 'waiting') return answer.reason === 'unknown-phone' ? 'code' : answer.reason;
  const { token, device, programme, lock } = answer.data;
  if (!token || !device) return 'portal';
  await commit([
    { store: 'meta', key: 'device', value: { ...device, token, programme } },
    { store: 'meta', key: 'catalogue' },
    { store: 'vault', key: 'policy', value: lock },
    { store: 'vault', key: 'keys', value: pinnedAnew(readFingerprint(text)) },
  ]);
  localStorage.removeItem(ENROLLED);
  tell('catalogue');
  return null;
}
