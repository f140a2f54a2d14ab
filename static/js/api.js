/**
 * Talking to the server, and how its answers are read. Three outcomes, no exceptions:
 *
 *   { kind: 'ok', data }                          the server's own JSON
 *   { kind: 'problem', status, problem }          it refused and said why (RFC 9457): no use sending the same again
 *   { kind: 'waiting', reason, after? }           anything else: no network, a captive portal's page, 401, 408, 429, 5xx
 *
 * Reasons: 'offline', 'slow', 'portal', 'unknown-phone', 'old-app', 'busy', 'server'. A line is slow when nothing has moved for a
 * while, however long the whole takes: 2G is given its time, a dead line isn't.
 */
import { early } from './boot.js';

const STALL = 45_000;
const SLOWEST = 400; // bytes a second: what was handed to the system may still be on its way
const MEANT_TO_PASS = { 401: 'unknown-phone', 403: 'unknown-phone', 408: 'slow', 426: 'old-app', 429: 'busy' };

/** Ask `path`; `body` is sent as JSON, gzipped where the browser can. `bytes` in the outcome is what was sent. */
export async function call(path, { body, token, stall = STALL } = {}) {
  const headers = { Accept: 'application/json, application/problem+json', 'Accept-Language': document.documentElement.lang };
  if (token) headers.Authorization = `Bearer ${token}`;
  try {
    if (body === undefined) return await readWhole(path, headers, stall);
    const bytes = await packed(body, headers);
    return { ...(await post(path, bytes, headers, stall)), bytes: bytes.length ?? bytes.byteLength };
  } catch (error) {
    return { kind: 'waiting', reason: error instanceof Stalled ? 'slow' : 'offline' };
  }
}

/** The bytes at `path` if they are exactly those with this SHA-256: { bytes }, or { reason }. */
export async function download(path, sha256, token, stall = STALL) {
  try {
    const { status, bytes } = await getBytes(path, { Authorization: `Bearer ${token}` }, stall, 'default');
    if (status !== 200) return { reason: status >= 500 ? 'server' : MEANT_TO_PASS[status] ?? 'portal' };
    return (await digestOf(bytes)) === sha256 ? { bytes } : { reason: 'nonsense' };
  } catch (error) {
    return { reason: error instanceof Stalled ? 'slow' : 'offline' };
  }
}

/** SHA-256 as 64 hexadecimal digits. */
export async function digestOf(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What an answer means; see the top of this file. */
export function readAnswer(status, headers, text) {
  const type = (headers.get('Content-Type') ?? '').split(';')[0].trim();
  const document = parse(text);
  if ((status === 200 || status === 201) && type === 'application/json' && document) return { kind: 'ok', data: document };
  if (status in MEANT_TO_PASS) {
    return { kind: 'waiting', reason: MEANT_TO_PASS[status], after: retryAfter(headers) };
  }
  if (status >= 400 && status < 500 && type === 'application/problem+json' && document) {
    return { kind: 'problem', status, problem: document };
  }
  if (status >= 500) return { kind: 'waiting', reason: 'server', after: retryAfter(headers) };
  return { kind: 'waiting', reason: 'portal' };
}

class Stalled extends Error {}

async function readWhole(path, headers, stall) {
  const { status, headers: answered, bytes } = await getBytes(path, headers, stall, 'no-store');
  return readAnswer(status, answered, new TextDecoder().decode(bytes));
}

/** A GET, given up when nothing has come for `stall` ms. A redirect is a portal's: status 0, as the browser says it. */
async function getBytes(path, headers, stall, cache) {
  const alarm = new AbortController();
  let timer = null;
  const hope = () => { clearTimeout(timer); timer = setTimeout(() => alarm.abort(new Stalled()), stall); };
  hope();
  try {
    const response = await (taken(path, alarm.signal) ?? fetch(path, { headers, cache, redirect: 'manual', credentials: 'omit', signal: alarm.signal }));
    const parts = [];
    for (const reader = response.body?.getReader(); reader;) {
      hope();
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
    }
    return { status: response.status, headers: response.headers, bytes: await new Blob(parts).arrayBuffer() };
  } finally {
    clearTimeout(timer);
  }
}

/** The answer that was asked for before the app was there, once; undefined when it wasn't. */
function taken(path, signal) {
  const asked = early.get(path);
  early.delete(path);
  return asked && Promise.race([asked, new Promise((_, reject) => { signal.onabort = () => reject(signal.reason); })]);
}

/** A POST that knows how much has left: fetch() can't tell. */
function post(path, bytes, headers, stall) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let timer = null;
    const hope = (more = 0) => {
      clearTimeout(timer);
      timer = setTimeout(() => { reject(new Stalled()); request.abort(); }, stall + more);
    };
    request.open('POST', path);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = () => hope();
    request.upload.onload = () => hope((bytes.length ?? bytes.byteLength) / SLOWEST * 1000);
    request.onprogress = () => hope();
    request.onloadend = () => clearTimeout(timer);
    request.onerror = () => reject(new TypeError('network'));
    request.onload = () => {
      const moved = request.responseURL && new URL(request.responseURL).pathname !== path;
      const answered = { get: (name) => request.getResponseHeader(name) };
      resolve(moved ? { kind: 'waiting', reason: 'portal' } : readAnswer(request.status, answered, request.responseText));
    };
    hope();
    request.send(bytes);
  });
}

function parse(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

function retryAfter(headers) {
  const seconds = Number(headers.get('Retry-After'));
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 3600) * 1000 : undefined;
}

async function packed(body, headers) {
  headers['Content-Type'] = 'application/json';
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  if (!('CompressionStream' in self) || bytes.length < 1024) return bytes;
  headers['Content-Encoding'] = 'gzip';
  return new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer();
}
