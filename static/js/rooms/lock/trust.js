/**
 * Which keys of the server this phone accepts. At enrolment it pins the office's signing key (compared with the
 * fingerprint in the enrolment link, where the link has one). After that a sealing key counts only with a statement
 * signed by the pinned key; anything else is refused, kept in `refused` and shown until the office puts it right.
 */
import { digestOf } from '../../api.js';
import { get } from '../../store.js';

/**
 * The store changes after the server told `told` = { office, keys: [{ kid, x, y, statements }], waves: { id: kid }, default }.
 * Never throws for what the server says; a key that isn't accepted leaves the one before it in use.
 */
export async function acceptKeys(told, programme) {
  const before = (await get('vault', 'keys')) ?? { office: null, keys: {}, waves: {}, refused: [] };
  const pinned = { ...before, keys: { ...before.keys }, waves: { ...before.waves }, refused: [] };
  if (!pinned.office && (await isOffice(told.office, before.expected))) pinned.office = told.office;
  const wanted = Object.entries({ '': told.default, ...told.waves });
  for (const [wave, kid] of wanted) {
    const key = told.keys?.find((each) => each.kid === kid);
    if (pinned.office && key && (await isVouched(key, pinned, told.office, programme))) {
      pinned.keys[kid] = { x: key.x, y: key.y };
      pinned.waves[wave] = kid;
    } else {
      pinned.refused.push({ wave, kid: String(kid ?? ''), was: before.waves[wave] ?? null });
    }
  }
  return [{ store: 'vault', key: 'keys', value: pinned }];
}

/** The first key of the office, and the one that the link promised if it promised any. */
async function isOffice(office, expected) {
  if (!office || (await thumbprint(office)) !== office.kid) return false;
  return !expected || office.kid.startsWith(expected);
}

/** One of its statements is signed by the pinned key; a statement may also hand over to another office key. */
async function isVouched(key, pinned, office, programme) {
  if ((await thumbprint(key)) !== key.kid) return false;
  for (const statement of key.statements ?? []) {
    const said = await verified(statement, pinned.office);
    if (said?.kid !== key.kid || said.programme !== programme) continue;
    if (said.office && said.office !== pinned.office.kid) {
      if (said.office !== office?.kid || (await thumbprint(office)) !== office.kid) continue;
      pinned.office = office;
    }
    return true;
  }
  return false;
}

/** The payload of a JWS (ES256, compact) that `office` signed; null for any other. */
async function verified(statement, office) {
  try {
    const [header, payload, signature] = statement.split('.');
    if (JSON.parse(text(header)).alg !== 'ES256') return null;
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
    const key = await crypto.subtle.importKey('jwk', { kty: 'EC', crv: 'P-256', x: office.x, y: office.y }, algorithm, false, ['verify']);
    const signed = new TextEncoder().encode(`${header}.${payload}`);
    const fits = await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, bytes(signature), signed);
    return fits ? JSON.parse(text(payload)) : null;
  } catch {
    return null;
  }
}

/** RFC 7638 for a P-256 key, base64url. */
async function thumbprint({ x, y }) {
  const hex = await digestOf(new TextEncoder().encode(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`));
  const binary = String.fromCharCode(...hex.match(/../g).map((pair) => parseInt(pair, 16)));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function bytes(base64url) {
  return Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (each) => each.charCodeAt(0));
}

function text(base64url) {
  return new TextDecoder().decode(bytes(base64url));
}
