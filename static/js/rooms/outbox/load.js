/** Taking over the unsent interviews of another phone, from the file that it saved. */
import { expectHiding } from '../../guard.js';
import { addStyle, fill, h, icon } from '../../h.js';
import { get } from '../../store.js';
import { syncNow } from '../../sync.js';
import { addTexts, t, whenText } from '../../texts.js';
import { bar } from '../../views/parts.js';
import { addItems, NotAnOutbox, readFile } from './saving.js';

const some = (n, one, many) => (n === 1 ? one : many.replace('{n}', n));

addTexts({
  load: ['Cargar un archivo', 'Load a file'],
  loadHelp: ['Elija el archivo que guardó otro teléfono en su bandeja de salida. Este teléfono enviará esas entrevistas.', 'Choose the file that another phone saved from its outbox. This phone will send those interviews.'],
  loadChoose: ['Elegir el archivo', 'Choose the file'],
  loadFound: [({ n, phone, when }) => `${some(n, '1 entrevista', '{n} entrevistas')} de ${phone}, guardadas ${when}.`, ({ n, phone, when }) => `${some(n, '1 interview', '{n} interviews')} of ${phone}, saved ${when}.`],
  loadDamaged: [({ n }) => some(n, '1 está dañada y no se puede cargar. Pida el archivo otra vez.', '{n} están dañadas y no se pueden cargar. Pida el archivo otra vez.'), ({ n }) => some(n, '1 is damaged and cannot be loaded. Ask for the file again.', '{n} are damaged and cannot be loaded. Ask for the file again.')],
  loadDo: ['Pasarlas a la bandeja de salida', 'Put them in the outbox'],
  loadDone: [({ n }) => some(n, '1 entrevista nueva en la bandeja de salida.', '{n} entrevistas nuevas en la bandeja de salida.'), ({ n }) => some(n, '1 new interview in the outbox.', '{n} new interviews in the outbox.')],
  loadNotOurs: ['Ese archivo no es de la bandeja de salida de un teléfono.', 'That file is not from the outbox of a phone.'],
  loadNewer: ['Ese archivo viene de una versión más nueva de la aplicación. Actualice este teléfono.', 'That file comes from a newer version of the app. Update this phone.'],
});

export async function view() {
  await addStyle('state');
  const found = h('div.stack', { role: 'status' });
  const read = () => show(field.files[0], found).finally(() => { field.value = ''; });
  const field = h('input', { id: 'file', type: 'file', hidden: true, accept: '.json,.txt,application/json,text/plain', onchange: read });
  const choose = () => { expectHiding(); field.click(); };
  return h('div.page', {}, bar(t('load')), h('main', {},
    h('p', {}, t('loadHelp')),
    field, h('button.plain', { type: 'button', onclick: choose }, t('loadChoose')), found));
}

async function show(file, found) {
  if (!file) return;
  try {
    const read = await readFile(file);
    const { items, damaged, device, saved_at: saved } = read;
    const button = h('button.main', { type: 'button', onclick: () => take(items, found) }, t('loadDo'));
    fill(found,
      h('p', {}, t('loadFound', { n: items.length, phone: device.label ?? '?', when: whenText(saved) })),
      damaged ? h('p.card.alert', {}, icon('warn'), t('loadDamaged', { n: damaged })) : null,
      items.length ? button : null);
  } catch (error) {
    if (!(error instanceof NotAnOutbox)) throw error;
    fill(found, h('p.card.alert', { role: 'alert' }, icon('warn'), t(error.key)));
  }
}

async function take(items, found) {
  const added = await addItems(items, (await get('meta', 'catalogue'))?.forms);
  fill(found, h('p.card.notice', {}, icon('check'), t('loadDone', { n: added })), h('a.plain', { href: '#/outbox' }, t('outbox')));
  syncNow();
}
