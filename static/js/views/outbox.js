/** Finished interviews: what waits and why, what was refused and why, what was sent and its receipt. */
import { whenIdle } from '../boot.js';
import { listen } from '../bus.js';
import { addStyle, fill, h, icon, untouched } from '../h.js';
import { countQueue } from '../outbox.js';
import { deleteItem, listNewest, listOldest, retry, wordsOf } from '../rooms/outbox/items.js';
import { get } from '../store.js';
import { line, syncNow } from '../sync.js';
import { addTexts, t, titleOf, whenText } from '../texts.js';
import { confirm, saveFile } from './asking.js';
import { bar, contact, trouble } from './parts.js';

const some = (n, one, many) => (n === 1 ? one : many.replace('{n}', n));

const TEXTS = {
  outboxEmpty: ['Aquí aparecen las entrevistas terminadas.', 'Finished interviews appear here.'],
  sendNow: ['Enviar ahora', 'Send now'],
  saveFile: ['Guardar en un archivo', 'Save to a file'],
  saveFileHelp: ['Una copia sellada de lo que falta por enviar: solo la oficina la abre. Otro teléfono también puede cargarla y enviarla.', 'A sealed copy of what is not sent: only the office opens it. Another phone can also load and send it.'],
  shareFile: ['Pasarla a otro teléfono', 'Hand it to another phone'],
  loadLink: ['Cargar el archivo de otro teléfono', 'Load another phone’s file'],
  andMore: ['y {n} más', 'and {n} more'],
  stateWaiting: ['Sin enviar', 'Not sent'],
  stateSent: ['Enviada', 'Sent'],
  stateMedia: ['Enviada, sin sus fotos o grabaciones', 'Sent, without its photos or recordings'],
  mediaGoing: ['Archivo {n} de {total} · {percent} %', 'File {n} of {total} · {percent} %'],
  mediaRefused: ['La oficina no aceptó el archivo {name}: {title}', 'The office did not accept the file {name}: {title}'],
  mediaLost: ['El archivo {name} se dañó en este teléfono. Avise a la oficina.', 'The file {name} was damaged on this phone. Tell the office.'],
  mediaLeft: [({ n }) => some(n, 'Falta 1 archivo.', 'Faltan {n} archivos.'), ({ n }) => some(n, '1 file is left.', '{n} files are left.')],
  bodyLost: ['El teléfono dañó esta entrevista y no queda copia. Avise a la oficina.', 'The phone damaged this interview and there is no copy. Tell the office.'],
  deleteItemAsk: ['¿Borrar esta entrevista de este teléfono? La oficina no la tiene, o la tiene de otra forma.', 'Delete this interview from this phone? The office does not have it, or has it in another form.'],
  stateRefused: ['Rechazada', 'Refused'],
  receipt: ['Recibo {n}', 'Receipt {n}'],
  finishedAt: ['Terminada {when}', 'Finished {when}'],
  resend: ['Enviar otra vez', 'Send again'],
  refusedHelp: ['Se conserva en este teléfono. Avise a la oficina.', 'It is kept on this phone. Tell the office.'],
  refused: {
    409: ['La oficina ya tiene otra versión de esta entrevista y guardó las dos.', 'The office already has another version of this interview and kept both.'],
    413: ['Es demasiado grande para enviarla. Guárdela en un archivo.', 'It is too large to send. Save it to a file.'],
    422: ['La oficina no pudo leerla; guardó una copia para revisarla.', 'The office could not read it and kept a copy to look at.'],
    other: ['La oficina no la aceptó.', 'The office did not accept it.'],
  },
};

addTexts(TEXTS);

const SHOWN = 40;
const IN_SIGHT = 6;
const ICONS = { waiting: 'waiting', media: 'waiting', refused: 'warn', sent: 'check' };

export async function outboxView(_, { signal }) {
  await addStyle('state');
  const list = h('div.stack');
  let drawn = 0;
  const draw = async (most = list.childElementCount ? SHOWN : IN_SIGHT) => { // what is in sight at once, the rest when there is time
    const mine = drawn += 1;
    const { content, more } = await contents(most);
    await untouched(list);
    if (mine !== drawn) return;
    fill(list, ...content);
    if (more && most < SHOWN) whenIdle(() => { if (mine === drawn && !signal.aborted) draw(SHOWN); });
  };
  listen(['queue', 'line'], () => draw(), signal);
  await draw();
  return h('div.page', {}, bar(t('outbox')), h('main', {}, list));
}

/** At most `most` lines of each list; `more` says that there are others. */
async function contents(most) {
  const counts = await countQueue();
  const unsent = counts.waiting + counts.media + counts.refused;
  const load = h('a.quiet', { href: '#/load' }, t('loadLink'));
  if (unsent + counts.sent === 0) return { content: [h('div.card.empty', {}, h('p', {}, t('outboxEmpty')), h('p.small', {}, contact())), load] };
  const states = ['refused', 'waiting', 'media'].filter((state) => counts[state]);
  const [sent, ...lists] = await Promise.all([counts.sent ? listNewest('sent', most) : [], ...states.map((state) => listOldest(state, most))]);
  const wait = lists.flat().slice(0, most);
  const content = [
    h('p.small.line', { role: 'status' }, line.busy ? t('queueBusy') : unsent ? trouble() : contact()),
    unsent ? actions() : null,
    await rows(wait, unsent), await rows(sent, counts.sent), load,
  ];
  return { content, more: Math.max(unsent, counts.sent) > most };
}

/** The first of them, and how many more there are: a list of thousands stays quick. */
async function rows(items, all) {
  if (items.length === 0) return null;
  const shown = await Promise.all(items.map(async (item) => row(item, await wordsOf(item))));
  return [h('ul.list', {}, shown), all > items.length ? h('p.small', {}, t('andMore', { n: all - items.length })) : null];
}

function actions() {
  return h('div.stack', {},
    h('button.main', { disabled: line.busy, onclick: () => syncNow() }, t('sendNow')),
    h('button.plain', { onclick: saveUnsent, 'aria-describedby': 'file-help' }, t('saveFile')),
    canShare() ? h('button.plain', { onclick: shareUnsent, 'aria-describedby': 'file-help' }, t('shareFile')) : null,
    h('p.small', { id: 'file-help' }, t('saveFileHelp')));
}

async function saveUnsent() {
  const { unsentFile } = await import('../rooms/outbox/saving.js');
  saveFile(await unsentFile(await get('meta', 'device')));
}

/** Can this phone hand files to its other apps: Bluetooth, a cable, a card? */
function canShare() {
  return navigator.canShare?.({ files: [new File([''], 'x.txt', { type: 'text/plain' })] }) ?? false;
}

async function shareUnsent() {
  const { shareFile, unsentFile } = await import('../rooms/outbox/saving.js');
  const file = await unsentFile(await get('meta', 'device'));
  if (!(await shareFile(file))) saveFile(file);
}

function row(item, { label, site }) {
  const state = { waiting: 'stateWaiting', media: 'stateMedia', refused: 'stateRefused', sent: 'stateSent' }[item.state];
  return h(`li.card.item.is-${item.state}`, {},
    h('span.badge', {}, icon(ICONS[item.state])),
    h('div.words', {},
      h('strong', {}, label || site || titleOf(item.title)),
      label || site ? h('span.small', {}, titleOf(item.title)) : null,
      h('span.small', {}, t('finishedAt', { when: whenText(item.finished_at) })),
      h('span.state', {}, t(state)),
      ...details(item)));
}

function details(item) {
  if (item.state === 'sent') return [h('span.small', {}, t('receipt', { n: item.receipt.number }))];
  if (item.state === 'media') return mediaDetails(item);
  if (item.state === 'waiting') return item.reason ? [h('span.small', {}, t(`reason.${item.reason.kind}`))] : [];
  const { kind, status, title, detail } = item.reason;
  if (kind === 'lost') return [h('p.reason', {}, t('bodyLost')), remover(item)];
  return [
    h('p.reason', {}, t(`refused.${status in TEXTS.refused ? status : 'other'}`)),
    h('span.small', {}, t('refusedHelp')),
    h('span.small', { dir: 'auto' }, `${status} ${[title, detail].filter(Boolean).join(': ')}`),
    h('button.plain', { onclick: async () => { await retry(item.id); syncNow(); } }, t('resend')),
    remover(item),
  ];
}

/** "Archivo 2 de 3 · 45 %" while it goes, how many are left when it doesn't, and what the office refused. */
function mediaDetails({ id, media }) {
  const { file } = line;
  const left = media.filter(({ sent }) => !sent);
  const n = media.findIndex(({ name }) => name === file?.name) + 1;
  const words = file?.id === id && n ? t('mediaGoing', { n, total: media.length, percent: file.percent }) : t('mediaLeft', { n: left.length });
  const refused = left.filter((one) => one.refused);
  return [h('span.small', {}, words), ...refused.map((one) => h('p.reason', {}, t(one.refused.status ? 'mediaRefused' : 'mediaLost', { name: one.name, title: one.refused.title })))];
}

/** The office has it another way, or nobody ever will: the line can go, after a question. */
function remover(item) {
  const remove = async () => { if (await confirm(t('deleteItemAsk'), t('yesDelete'))) await deleteItem(item.id); };
  return h('button.quiet', { type: 'button', onclick: remove }, t('deleteDraft'));
}
