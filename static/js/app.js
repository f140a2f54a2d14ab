/** Where the app starts: language, views, service worker, sync. */
import { listen } from './bus.js';
import { takeCodeFromAddress } from './enrol.js';
import { readPolicy, startGuard } from './guard.js';
import { startInstall } from './install.js';
import { startKeeping } from './keeping.js';
import { startRouter } from './router.js';
import { commit, get } from './store.js';
import { startSync } from './sync.js';
import { language, setLanguage } from './texts.js';
import { enrolView, offerCode } from './views/enrol.js';
import { fillView } from './views/fill.js';
import { homeView } from './views/home.js';

/** Views that few visits need: their rooms are loaded when they are entered. */
const ROOMS = {
  move: async (argument, way) => (await import('./rooms/drafts/move.js')).view(argument, way),
  field: async (argument, way) => (await import('./rooms/field/view.js')).view(argument, way),
  outbox: async (argument, way) => (await import('./views/outbox.js')).outboxView(argument, way),
  phone: async (argument, way) => (await import('./views/phone.js')).phoneView(argument, way),
  load: async (argument, way) => (await import('./rooms/outbox/load.js')).view(argument, way),
};

async function start() {
  const root = document.getElementById('app');
  await startKeeping();
  setLanguage(await get('meta', 'language').catch(() => 'es'));
  listen('language', () => commit([{ store: 'meta', key: 'language', value: language() }]).catch(() => {}));
  readAddress();
  addEventListener('hashchange', readAddress, { capture: true });
  await readPolicy().catch(() => {}); // the first view says what is wrong with the storage
  startGuard(root);
  await startRouter(root, { '': homeView, enrol: enrolView, fill: fillView, ...ROOMS });
  startInstall();
  startSync();
}

/** An enrolment link may open the app, or be pasted into the address of an app that is open. */
function readAddress() {
  const code = takeCodeFromAddress();
  if (code) offerCode(code);
}

start();
