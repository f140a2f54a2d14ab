/**
 * Talking to the server, and how its answers are read. Three outcomes, no exceptions:
 *
 *   { kind: 'ok', data }                          the server's own JSON
 *   { kind: 'problem', status, problem }          it refused and said why (RFC 9457): no use sending the same again
 *   { kind: 'waiting', reason, after? }           anything else: no network, a captive portal's page, 401, 408, 429, 5xx
 *
 * Reasons: 'offline', 'slow', 'portal', 'unknown-phone', 'busy', 'server'.
 */
const TIMEOUT = 60_000;
const MEANT_TO_PASS = { 401: 'unknown-phone', 403: 'unknown-phone', 408: 'slow', 429: 'busy' };

/** Ask `path`; `body` is sent as JSON, gzipped where the browser can. */
export async function call(path, { body, token, timeout = TIMEOUT } = {}) {
  const headers = { Accept: 'application/json, application/problem+json' };
  if (token) headers.Authorization = `Bearer ${token}`;
  const request = { headers, method: 'GET', redirect: 'error', credentials: 'omit', cache: 'no-store' };
  if (body !== undefined) Object.assign(request, { method: 'POST', body: await packed(body, headers) });
  const alarm = new AbortController();
  const timer = setTimeout(() => alarm.abort(), timeout);
  try {
    const response = await fetch(path, { ...request, signal: alarm.signal });
    return readAnswer(response.status, response.headers, await response.text());
  } catch (error) {
    return { kind: 'waiting', reason: error?.name === 'AbortError' ? 'slow' : 'offline' };
  } finally {
    clearTimeout(timer);
  }
}

/** The file at `path` as text if it is exactly the one with this SHA-256; null if it couldn't be had now. */
export async function download(path, sha256, token) {
  try {
    const response = await fetch(path, { headers: { Authorization: `Bearer ${token}` }, redirect: 'error', credentials: 'omit' });
    const bytes = response.status === 200 ? await response.arrayBuffer() : null;
    return bytes && (await digestOf(bytes)) === sha256 ? new TextDecoder().decode(bytes) : null;
  } catch {
    return null;
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
  const text = JSON.stringify(body);
  if (!('CompressionStream' in self) || text.length < 1024) return text;
  headers['Content-Encoding'] = 'gzip';
  return new Response(new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer();
}
