/** Keeping the app on the phone: its service worker, new versions, the home screen and the promise not to be evicted. */
import { calmDown, registerWorker } from './boot.js';
import { listen, tellHere } from './bus.js';
import { get } from './store.js';

const PATIENCE = 60_000;
const AGAIN = 3_000;

let registration = null;
let invitation = null;
let arriving = false;

/** Is what the app needs to work without a signal still coming? */
export function isArriving() {
  return arriving;
}

/** Take a version that has been waiting since the last time, register the service worker and watch for the next. */
export async function startInstall() {
  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault();
    invitation = event;
    tellHere('update');
  });
  document.head.append(document.getElementById('app-links').content);
  if (!('serviceWorker' in navigator)) return;
  registration = (await navigator.serviceWorker.getRegistration()) ?? null;
  if (!(await get('meta', 'catalogue'))?.asked_at) {
    arriving = true;
    await firstThings();
  }
  if (updateIsReady() && !(await isFilling())) return takeUpdate();
  takeWhole();
  try {
    registration = await registerWorker();
  } catch {
    return; // no line, or a broken deploy: the version that is running goes on
  }
  registration?.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', () => tellHere('update'));
  });
  tellHere('update');
}

/** On a new phone the forms come first over a thin line; the rooms that keep the app for later come after them. */
function firstThings() {
  return new Promise((resolve) => {
    listen('catalogue', async () => {
      const catalogue = await get('meta', 'catalogue');
      if (catalogue && !catalogue.coming) resolve();
    });
    setTimeout(resolve, PATIENCE);
  });
}

/** Have the service worker take what its first piece left out; asked again until it has. Then the line is free. */
function takeWhole() {
  const ask = () => navigator.serviceWorker.controller?.postMessage('whole');
  const again = setInterval(ask, PATIENCE);
  navigator.serviceWorker.addEventListener('message', ({ data }) => {
    if (data !== 'whole') return;
    clearInterval(again);
    calmDown();
    if (!arriving) return;
    arriving = false;
    tellHere('update');
  });
  setTimeout(calmDown, PATIENCE / 2);
  ask();
}

/** Is a new version on the phone, waiting for the word? */
export function updateIsReady() {
  return Boolean(registration?.waiting && navigator.serviceWorker.controller);
}

/** Something waits: where the browser can, let it wake this app when there is a line. Only an accelerator. */
export function wakeMe() {
  registration?.sync?.register('line').catch(() => {});
}

/** The server runs another version than this: look for it now, so that it is here when it can be taken. */
export function lookForUpdate() {
  registration?.update().catch(() => {});
}

/** Is an interview open in any tab? */
export async function isFilling() {
  if (location.hash.startsWith('#/fill')) return true;
  const { held = [] } = (await navigator.locks?.query?.()) ?? {};
  return held.some(({ name }) => name.startsWith('draft:'));
}

/** Take the new version: only from a view where nothing is being filled in. Browsers may forget it once: it is said again. */
export function takeUpdate() {
  const takeOver = () => registration.waiting?.postMessage('take over');
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
  setInterval(async () => { if (!(await isFilling())) takeOver(); }, AGAIN);
  takeOver();
}

/** Can the browser put the app on the home screen now? */
export function canInstall() {
  return invitation !== null;
}

export async function install() {
  await invitation.prompt();
  invitation = null;
  tellHere('update');
}

let asked = false;

/** The first answer is being saved: a good moment to ask, once each time the app runs. */
export async function askOnce() {
  if (asked) return;
  asked = true;
  if (!(await isKept())) await askToKeep();
  tellHere('update');
}

/** Ask the browser not to evict what is stored; true, false, or null where it can't say. */
export async function askToKeep() {
  return (await navigator.storage?.persist?.().catch(() => null)) ?? null;
}

export async function isKept() {
  return (await navigator.storage?.persisted?.().catch(() => null)) ?? null;
}

/** Redraw with `listener` when any of this changes. */
export function onInstallChange(listener, signal) {
  listen('update', listener, signal);
}
