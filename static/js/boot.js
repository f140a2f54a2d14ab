/**
 * The page's first module: it starts the app from the phone, or brings it there. A phone that has nothing yet takes the
 * app in one piece (the start pack, which the service worker unpacks) and asks for its first form meanwhile: over a thin
 * line sixty small files would cost sixty waits. Where there can be no service worker the modules come one by one.
 */
const PATIENCE = 90_000;

/** Answers that were asked for before the app was there: address -> promise of a Response. api.js takes them from here. */
export const early = new Map();

let calmed = null;

/** Resolves when the line is free for what the first question doesn't need: at once on a phone that has the app. */
export const calm = new Promise((resolve) => { calmed = resolve; });

/** The forms are here, and what keeps the app for later: the rest may come. */
export function calmDown() {
  calmed();
}

let policy = null;

/** The one place that says which addresses may become workers: the app's own, named by its own modules. */
export function workerAddress(address) {
  if (!self.trustedTypes?.createPolicy) return String(address);
  policy ??= trustedTypes.createPolicy('worker', { createScriptURL: (each) => each });
  return policy.createScriptURL(String(address));
}

/** The app's service worker; throws without a line, and for a deploy that is broken. */
export function registerWorker() {
  return navigator.serviceWorker.register(workerAddress('/sw.js'), { updateViaCache: 'none' });
}

async function begin() {
  const workers = navigator.serviceWorker;
  if (workers && !workers.controller && !(await workers.getRegistration())) await firstVisit().catch(calmDown);
  else calmDown();
  document.head.append(document.getElementById('app-modules').content);
  await import('./app.js');
}

/** Resolves when the service worker has the start pack and gives it out, or when that can't be. */
async function firstVisit() {
  askEarly().catch(() => {});
  const registration = await registerWorker();
  await new Promise((resolve) => {
    navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true });
    registration.installing?.addEventListener('statechange', ({ target }) => { if (target.state === 'redundant') resolve(); });
    if (navigator.serviceWorker.controller || !(registration.installing || registration.waiting || registration.active)) resolve();
    setTimeout(resolve, PATIENCE);
  });
}

/** A phone that was enrolled before: what it has to know, and its first form, while the app is on its way. */
async function askEarly() {
  const token = await deviceToken();
  if (!token) return;
  const { forms = [] } = await (await ask('/api/v1/phone', token)).clone().json();
  const first = forms.find(({ wave }) => wave) ?? forms[0];
  for (const { url } of first ? [first, ...(first.datasets ?? [])] : []) ask(url, token);
}

function ask(path, token) {
  const headers = { Accept: 'application/json, application/problem+json', Authorization: `Bearer ${token}` };
  const asked = fetch(path, { headers, redirect: 'manual', credentials: 'omit' });
  early.set(path, asked);
  asked.catch(() => early.delete(path));
  return asked;
}

/** Read without making the database: store.js does that. Null on a phone that isn't enrolled. */
function deviceToken() {
  return new Promise((resolve) => {
    const request = indexedDB.open('encuesta');
    request.onupgradeneeded = () => request.transaction.abort();
    request.onerror = () => resolve(null);
    request.onsuccess = () => {
      const database = request.result;
      const asked = database.transaction('meta').objectStore('meta').get('device');
      asked.onsuccess = () => resolve(asked.result?.token ?? null);
      asked.onerror = () => resolve(null);
      database.close();
    };
  });
}

begin();
