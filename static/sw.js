/*
 * The service worker. It only keeps this version's files so that the app opens without signal.
 * It never sends anything, never touches a request that isn't one of those files, and installs all of them or nothing:
 * a failed download leaves the version before it running. The server puts `RELEASE` (version, files with the start of
 * their SHA-256) above.
 */
const PREFIX = 'app-';
const CACHE = PREFIX + RELEASE.version;

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(activate()));
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (url.pathname in RELEASE.files) event.respondWith(serve(url.pathname, request));
});
self.addEventListener('message', (event) => {
  if (event.data === 'take over') self.skipWaiting();
});
self.addEventListener('sync', (event) => event.waitUntil(wake()));

/** There is a line: the app's own pages send, this never does. */
async function wake() {
  for (const page of await self.clients.matchAll({ includeUncontrolled: true })) page.postMessage('line');
}

/** Gather every file, checked against its digest; throws if one is missing or isn't the one announced. */
async function install() {
  const before = await olderFiles();
  const fresh = await Promise.all(Object.entries(RELEASE.files).map(([path, sha256]) => obtain(path, sha256, before)));
  const cache = await caches.open(CACHE);
  await Promise.all(fresh.map(([path, response]) => cache.put(path, response)));
}

async function obtain(path, sha256, before) {
  for (const [cache, request] of before.get(plain(path)) ?? []) {
    const kept = await cache.match(request);
    if (kept && (await digest(kept.clone())) === sha256) return [path, renewed(kept)]; // an update costs only what changed
  }
  const response = await fetch(path, { cache: path.startsWith('/static/') ? 'default' : 'no-cache', redirect: 'error' });
  if (response.status !== 200) throw new Error(`${path}: ${response.status}`);
  if ((await digest(response.clone())) !== sha256) throw new Error(`${path}: other bytes than announced`);
  return [path, response];
}

/** The files of older versions by their name: name -> [[cache, request]]. */
async function olderFiles() {
  const files = new Map();
  for (const key of (await caches.keys()).filter((name) => name.startsWith(PREFIX))) {
    const cache = await caches.open(key);
    for (const request of await cache.keys()) {
      const name = plain(new URL(request.url).pathname);
      files.set(name, [...(files.get(name) ?? []), [cache, request]]);
    }
  }
  return files;
}

/** A file's address without the version that it came with. */
function plain(path) {
  return path.replace(/^\/static\/[^/]+/, '');
}

/** Without the old address: a module's own imports are looked up beside the address of its response. */
function renewed(response) {
  return new Response(response.body, { headers: response.headers });
}

async function digest(response) {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', await response.arrayBuffer()));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('').slice(0, 20);
}

async function activate() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function serve(path, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(request);
}
