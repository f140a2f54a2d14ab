/** About this phone: who it is to the office, what is kept and how well, and how to install the app. */
import { listen } from '../bus.js';
import { h } from '../h.js';
import { askToKeep, canInstall, install, isArriving, isKept, onInstallChange, takeUpdate, updateIsReady } from '../install.js';
import { get } from '../store.js';
import { addTexts, t, titleOf } from '../texts.js';
import { bar, contact } from './parts.js';

addTexts({
  phoneName: ['Nombre', 'Name'],
  phoneProgramme: ['Programa', 'Programme'],
  phonePerson: ['Código de quien entrevista', 'Interviewer code'],
  phoneVersion: ['Versión de la aplicación', 'App version'],
  phoneStorage: ['Lo guardado', 'Storage'],
  storageKept: ['El teléfono prometió no borrarlo.', 'The phone promised not to delete it.'],
  storageMaybe: ['El teléfono podría borrarlo si se queda sin espacio. Instale la aplicación y envíe pronto.', 'The phone may delete it when it runs out of space. Install the app and send soon.'],
  installHelp: ['Queda en la pantalla de inicio y abre sin señal.', 'It sits on the home screen and opens without a signal.'],
  phoneSeal: ['Protección', 'Protection'],
  phoneOffline: ['Sin señal', 'Without a signal'],
  offlineReady: ['Lista: todo está en el teléfono', 'Ready: everything is on the phone'],
  offlineComing: ['Todavía no: sigue llegando', 'Not yet: still coming'],
  storageAsk: ['Pedir que lo conserve', 'Ask it to keep everything'],
});

export async function phoneView(_, { signal }) {
  const page = h('div.page');
  const draw = async () => page.replaceChildren(bar(t('phone')), await contents(draw));
  onInstallChange(draw, signal);
  listen('catalogue', draw, signal);
  await draw();
  return page;
}

async function contents(redraw) {
  const { looksPart } = await import('../rooms/looks/looks.js');
  const device = await get('meta', 'device');
  const kept = await isKept();
  const ready = !isArriving() && (await get('meta', 'catalogue'))?.asked_at;
  return h('main', {},
    device ? h('dl.card.facts', {},
      fact('phoneName', device.label), fact('phonePerson', device.interviewer),
      fact('phoneProgramme', titleOf(device.programme?.name)), fact('phoneVersion', document.documentElement.dataset.version),
      fact('phoneOffline', t(ready ? 'offlineReady' : 'offlineComing'))) : null,
    device ? h('p.small', {}, contact()) : null,
    updateIsReady() ? h('button.main', { onclick: takeUpdate }, t('updateNow')) : null,
    canInstall() ? h('section', {}, h('h2', {}, t('install')), h('p', {}, t('installHelp')), h('button.main', { onclick: install }, t('install'))) : null,
    h('section', {}, h('h2', {}, t('phoneStorage')),
      h('p', {}, t(kept ? 'storageKept' : 'storageMaybe')),
      kept ? null : h('button.plain', { onclick: async () => { await askToKeep(); redraw(); } }, t('storageAsk'))),
    looksPart(),
    await (await import('../rooms/lock/about.js')).protectionPart(),
    h('p', {}, h('a', { href: '#/enrol' }, t('enrolTitle'))));
}

function fact(key, value) {
  return value ? [h('dt', {}, t(key)), h('dd', {}, h('bdi', {}, value))] : null;
}
