/** Where the app starts: language, views, service worker, sync. */
import { openedBy, takeLink } from './boot.js';
import { listen } from './bus.js';
import { readPolicy, startGuard } from './guard.js';
import { startInstall } from './install.js';
import { startKeeping } from './keeping.js';
import './looks.js';
import { startRouter } from './router.js';
import { commit, get } from './store.js';
import { startSync } from './sync.js';
import { language, setLanguage } from './texts.js';
import { homeView } from './views/home.js';

/** The other views: their rooms are loaded when they are entered. */
const ROOMS = {
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
  readAddress();
  addEventListener('hashchange', readAddress, { capture: true });
  await startKeeping();
  const known = readPolicy().catch(() => {}); // the first view says what is wrong with the storage
  await setLanguage(await get('meta', 'language').catch(() => 'es'));
  listen('language', () => commit([{ store: 'meta', key: 'language', value: language() }]).catch(() => {}));
  await known;
  startGuard(root);
  await startRouter(root, { '': homeView, ...ROOMS });
  startInstall().catch(() => {}); // the view has said what is wrong with the storage
  startSync().catch(() => {});
  document.head.append(document.getElementById('next-modules').content);
  import('./views/fill.js').catch(() => {}); // whoever opens the app fills something in
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
