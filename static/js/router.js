/**
 * Which view is on the screen. Addresses are `#/name/argument`; they carry ids, never answers.
 * A view is `async (argument, { signal, root }) => element`; `signal` aborts when the view leaves. A view that wants to
 * redraw itself when the language changes sets `element.relabel`; the others are built anew.
 */
import { listen } from './bus.js';
import { gate } from './guard.js';
import { fill, h } from './h.js';
import { t } from './texts.js';

let routes = {};
let root = null;
let leaving = new AbortController();

/** Show the view of the address, now and whenever it changes. */
export function startRouter(element, views) {
  root = element;
  routes = views;
  addEventListener('hashchange', () => show());
  listen('language', () => (root.firstElementChild?.relabel ?? show)());
  listen('lock', () => show());
  return show();
}

/** Go to `#/…`. */
export function go(path) {
  if (location.hash === path) show();
  else location.hash = path;
}

async function show() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const [, name = '', argument = ''] = location.hash.split('/');
  let element;
  try {
    const view = (await gate(name)) ?? routes[name] ?? routes[''];
    element = await view(decodeURIComponent(argument), { signal });
  } catch (error) {
    element = broken(error);
  }
  if (signal.aborted) return;
  fill(root, element);
  scrollTo(0, 0);
  element.querySelector('h1')?.focus({ preventScroll: true });
}

async function repair() {
  fill(root, await (await import('./rooms/keeping/repair.js')).view());
}

/** The last resort: what happened, and the way on. Nothing is printed anywhere that could hold an answer. */
function broken(error) {
  const said = error?.name === 'StoreFailed' ? 'storeBroken' : 'broken';
  return h('div.page', {},
    h('main', {},
      h('h1', { tabindex: -1 }, t('app')),
      h('p.alert', { role: 'alert' }, t(said)),
      h('p.small', {}, `${error?.name ?? ''} ${error?.name === 'StoreFailed' ? error.message : ''}`),
      h('button.main', { onclick: () => location.reload() }, t('tryAgain')),
      said === 'storeBroken' ? h('button.plain', { onclick: repair }, t('repair')) : null));
}
