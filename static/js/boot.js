/**
 * The page's first module: it starts the app from the phone, or brings it there. A phone that has nothing yet takes the
 * app in one piece (the start pack at the end of the page, which the service worker gives out) and asks for its first form
 * meanwhile: over a thin line sixty small files would cost sixty waits. Where there can be no service worker the modules come one by one.
 */
const PATIENCE = 90_000;
const FRESH = 300_000;
const JSON_ONLY = 'application/json, application/problem+json';

/** Answers that were asked for before the app was there: address -> promise of a Response. api.js takes them from here. */
export const early = new Map();

/** The enrolment link that opened the app, or null. It is taken out of the address at once, so that it stays in no history. */
export const openedBy = takeLink();

/** Where an enrolment is kept that worked while the app was still on its way: { link, answer } as JSON, until enrol.js has it. */
export const ENROLLED = 'enrolled';

let calmed = null;

/** Resolves when the line is free for what the first question doesn't need: at once on a phone that has the app. */
export const calm = new Promise((resolve) => { calmed = resolve; });

/** The forms are here, and what keeps the app for later: the rest may come. */
export function calmDown() {
  calmed();
}

/** Run `task` when there is nothing else to do, soon, but not before `wait` ms: what somebody waits for comes first. */
export function whenIdle(task, wait = 0) {
  setTimeout(() => (self.requestIdleCallback ?? setTimeout)(task, { timeout: 2_000 }), wait);
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
  const known = workers?.controller ? null : await workers?.getRegistration();
  if (workers && !workers.controller && !known?.active) await firstVisit(known).catch(calmDown);
  else calmDown();
  await parsed();
  document.head.append(document.getElementById('app-modules')?.content ?? ''); // the page that is kept has them in its head
  await import('./app.js');
}

/** The page is here to its end. */
function parsed() {
  return new Promise((resolve) => {
    if (document.readyState !== 'loading') resolve();
    document.addEventListener('DOMContentLoaded', resolve, { once: true });
  });
}

/** Resolves when the service worker has the start pack and gives it out, or when that can't be. */
async function firstVisit(known) {
  askEarly().catch(() => {});
  const registration = known ?? await registerWorker(); // one that waits for its pack would let no other begin
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  await parsed();
  const pack = document.getElementById('pack');
  worker?.postMessage({ pack: pack?.textContent ?? '' });
  pack?.remove();
  await new Promise((resolve) => {
    navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true });
    registration.installing?.addEventListener('statechange', ({ target }) => { if (target.state === 'redundant') resolve(); });
    if (navigator.serviceWorker.controller || !(registration.installing || registration.waiting || registration.active)) resolve();
    setTimeout(resolve, PATIENCE);
  });
}

/** What this phone has to know, and its first form, while the app is on its way; a new phone is enrolled before. */
async function askEarly() {
  if (localStorage.getItem('moved')) return; // the database is elsewhere: store.js finds it
  const { device, language = 'es' } = await remembered();
  if (!device && openedBy) early.set(ENROLLED, enrolEarly(openedBy));
  const token = device?.token ?? (await early.get(ENROLLED))?.token;
  if (!token) return;
  const { forms = [] } = await (await ask('/api/v1/phone', token, language)).clone().json();
  const form = forms.find(({ wave }) => wave) ?? forms[0];
  for (const { url } of form ? [form.first ?? form, ...(form.datasets ?? [])] : []) ask(url, token);
}

/** Ask for `path` before anybody needs it; api.js hands the answer on. */
export function ask(path, token, language = '') {
  const headers = { Accept: JSON_ONLY, Authorization: `Bearer ${token}`, ...(language && { 'Accept-Language': language }) };
  const asked = fetch(path, { headers, redirect: 'manual', credentials: 'omit' });
  early.set(path, asked);
  asked.catch(() => early.delete(path));
  setTimeout(() => early.delete(path), FRESH);
  return asked;
}

/** Use up the link's code; what the office answered lies on the phone before anybody hears of it. Null: enrol.js tries. */
async function enrolEarly(link) {
  if (localStorage.getItem(ENROLLED)) return null;
  const body = JSON.stringify({ code: decodeURIComponent(link.match(/#enrol=([^&\s]+)/)[1]) });
  const headers = { Accept: JSON_ONLY, 'Content-Type': 'application/json' };
  try {
    const response = await fetch('/api/v1/enrol', { method: 'POST', body, headers, redirect: 'manual', credentials: 'omit' });
    const answer = response.status === 201 ? await response.json() : null;
    if (!answer?.token || !answer.device) return null;
    localStorage.setItem(ENROLLED, JSON.stringify({ link, answer }));
    return answer;
  } catch {
    return null;
  }
}

/** An enrolment link in the address; null without. */
export function takeLink() {
  const link = location.hash;
  if (!/^#enrol=[^&\s]/.test(link)) return null;
  history.replaceState(null, '', '#/enrol');
  return link;
}

/** Who this phone is and what it speaks: { device?, language? }. Read without making the database: store.js does that. */
function remembered() {
  return new Promise((resolve) => {
    const found = {};
    const request = indexedDB.open('encuesta');
    request.onupgradeneeded = () => request.transaction.abort();
    request.onerror = () => resolve(found);
    request.onsuccess = () => {
      const asked = request.result.transaction('meta');
      for (const key of ['device', 'language']) asked.objectStore('meta').get(key).onsuccess = ({ target }) => { found[key] = target.result; };
      asked.oncomplete = asked.onabort = () => resolve(found);
      request.result.close();
    };
  });
}

begin();
