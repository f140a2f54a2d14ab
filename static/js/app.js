/** Where the app starts: language, views, service worker, sync. */
import { openedBy, takeLink, whenIdle } from './boot.js';
import { listen } from './bus.js';
import { startGuard } from './guard.js';
import { startInstall } from './install.js';
import { startKeeping } from './keeping.js';
import './looks.js';
import { startRouter } from './router.js';
import { commit, get } from './store.js';
import { startSync } from './sync.js';
import { language, setLanguage } from './texts.js';

/** The views: each is loaded when it is entered; most often the lock shows before any of them. */
const VIEWS = {
  '': async (argument, way) => (await import('./views/home.js')).homeView(argument, way),
  fill: async (argument, way) => (await import('./views/fill.js')).fillView(argument, way),
  enrol: async (argument, way) => (await import('./views/enrol.js')).enrolView(argument, way),
  move: async (argument, way) => (await import('./rooms/drafts/move.js')).view(argument, way),
  field: async (argument, way) => (await import('./rooms/field/view.js')).view(argument, way),
  outbox: async (argument, way) => (await import('./views/outbox.js')).outboxView(argument, way),
  phone: async (argument, way) => (await import('./views/phone.js')).phoneView(argument, way),
  load: async (argument, way) => (await import('./rooms/outbox/load.js')).view(argument, way),
};

let fresh = true;

async function start() {
  const root = document.getElementById('app');
  const reading = readAddress().catch(() => {}); // without its room nobody can enrol: the view says so
  addEventListener('hashchange', readAddress, { capture: true });
  await startKeeping();
  await setLanguage(await get('meta', 'language').catch(() => 'es')); // the first view says what is wrong with the storage
  listen('language', () => commit([{ store: 'meta', key: 'language', value: language() }]).catch(() => {}));
  await reading; // the view of enrolling takes up the link that opened the app
  startGuard(root);
  await startRouter(root, VIEWS);
  whenIdle(goOn);
}

/** The first view shows, most often the lock: while somebody types the PIN the rest is made ready. */
function goOn() {
  document.head.append(document.getElementById('next-modules').content);
  startInstall().catch(() => {}); // the view has said what is wrong with the storage
  startSync().catch(() => {});
  import('./views/home.js').then(({ prepareHome }) => prepareHome()).catch(() => {});
}

/** An enrolment link opened the app, or was pasted into the address of an app that is open: its code stays in no history. */
async function readAddress() {
  const link = takeLink() ?? (fresh ? openedBy : null);
  fresh = false;
  if (!link) return;
  const { offerCode } = await import('./views/enrol.js');
  offerCode(link);
}

start();
