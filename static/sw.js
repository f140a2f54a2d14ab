/*
 * The service worker. It only keeps this version's files so that the app opens without signal.
 * It never sends anything and never touches a request that isn't one of those files. On a new phone it begins with the
 * start pack, which came with the page, and takes the rest when the app says so ('whole'); a new version of what is there
 * is taken whole or not at all: a failed download leaves the version before it running. The server puts `RELEASE`
 * (version, the start of the SHA-256 of each pack) above.
 */
const PREFIX = 'app-';
const CACHE = PREFIX + RELEASE.version;
const BASE = `/static/${RELEASE.version}/`;
const PAGES = ['/', '/manifest.webmanifest'];
const PATIENCE = 240_000;
const PAUSE = 2_000;
const LIST = `${BASE}files.json`; // kept last: where it is, everything is

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(activate()));
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith(BASE) || PAGES.includes(url.pathname)) event.respondWith(serve(url.pathname, request));
});
const given = new Promise((resolve) => { // by the page that came with it
  self.addEventListener('message', ({ data }) => { if (typeof data?.pack === 'string') resolve(data.pack); });
});
self.addEventListener('message', (event) => {
  if (event.data === 'take over') self.skipWaiting();
  if (event.data === 'whole') event.waitUntil(complete().then(() => event.source?.postMessage('whole'), () => {}));
});
self.addEventListener('sync', (event) => event.waitUntil(wake()));

/** There is a line: the app's own pages send, this never does. */
async function wake() {
  for (const page of await pages()) page.postMessage('line');
}

function pages() {
  return self.clients.matchAll({ includeUncontrolled: true });
}

/** A new phone takes what the first question needs; any other the whole version, or nothing. */
async function install() {
  if ((await versions()).length) return gather();
  try {
    return await keep(unpacked(await startPack()));
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
}

/** What came with the page, once it is here to its end; from the server when no page is left to bring it, or it was damaged. */
async function startPack() {
  let pack;
  for (let waited = 0; pack === undefined && waited < PATIENCE && (await pages()).length; waited += PAUSE) {
    pack = await Promise.race([given, new Promise((resolve) => { setTimeout(resolve, PAUSE); })]);
  }
  const isOurs = pack && (await digest(new Response(pack))) === RELEASE.packs['start.pack'];
  return isOurs ? pack : packed('start.pack');
}

/** Take what the start pack left out; quick when nothing is missing. */
async function complete() {
  const cache = await caches.open(CACHE);
  if (!(await cache.match(LIST))) await gather(unpacked(await packed('rest.pack')));
}

/** Every file of the version, checked against its digest; throws if one is missing or isn't the one announced. */
async function gather(unpackedBefore = []) {
  await keep(unpackedBefore);
  const list = await obtain(LIST, RELEASE.packs['files.json']);
  const before = await olderFiles();
  const files = Object.entries(await list.clone().json());
  const fresh = await Promise.all(files.map(async ([path, sha256]) => [path, await find(path, sha256, before)]));
  await keep(fresh.filter(([, response]) => response));
  await keep([[LIST, list]]);
}

/** The file from an older version, else from the server; null where this version's place has it already. */
async function find(path, sha256, before) {
  for (const [cache, request] of before.get(plain(path)) ?? []) {
    const kept = await cache.match(request);
    if (!kept || (await digest(kept.clone())) !== sha256) continue;
    return cache === before.here && new URL(request.url).pathname === path ? null : kept; // an update costs only what changed
  }
  return obtain(path, sha256, path === '/' ? `${BASE}shell.html` : path); // the server's own page carries the start pack
}

async function obtain(path, sha256, from = path) {
  const response = await fetch(from, { cache: from.startsWith(BASE) ? 'default' : 'no-cache', redirect: 'error' });
  if (response.status !== 200) throw new Error(`${path}: ${response.status}`);
  if ((await digest(response.clone())) !== sha256) throw new Error(`${path}: other bytes than announced`);
  return response;
}

async function packed(name) {
  return (await obtain(BASE + name, RELEASE.packs[name])).text();
}

/** The files of a pack: a line that lists them, then one after another. */
function unpacked(pack) {
  let from = pack.indexOf('\n') + 1;
  return JSON.parse(pack.slice(0, from)).map(([path, type, length]) => {
    from += length;
    return [BASE + path, new Response(pack.slice(from - length, from), { headers: { 'Content-Type': type } })];
  });
}

async function keep(files) {
  const cache = await caches.open(CACHE);
  await Promise.all(files.map(([path, response]) => cache.put(path, renewed(response))));
}

/** The names of the caches of this app's versions. */
async function versions() {
  return (await caches.keys()).filter((name) => name.startsWith(PREFIX));
}

/** The files of all versions by their name: name -> [[cache, request]]; `here` is this version's cache. */
async function olderFiles() {
  const files = new Map();
  files.here = null;
  for (const key of await versions()) {
    const cache = await caches.open(key);
    if (key === CACHE) files.here = cache;
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
function renewed({ body, headers }) {
  return new Response(body, { headers });
}

async function digest(response) {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', await response.arrayBuffer()));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('').slice(0, 20);
}

async function activate() {
  await Promise.all((await versions()).filter((name) => name !== CACHE).map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function serve(path, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(request);
}
