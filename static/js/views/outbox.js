/** Finished interviews: what waits and why, what was refused and why, what was sent and its receipt. */
import { listen } from '../bus.js';
import { fill, h, icon } from '../h.js';
import { listItems, retry, unsentFile } from '../outbox.js';
import { get } from '../store.js';
import { line, syncNow } from '../sync.js';
import { t, TEXTS, titleOf, whenText } from '../texts.js';
import { bar, contact, saveFile, trouble } from './parts.js';

const SENT_SHOWN = 50;
const ICONS = { waiting: 'waiting', refused: 'warn', sent: 'check' };

export async function outboxView(_, { signal }) {
  const list = h('div.stack');
  const draw = async () => fill(list, ...contents(await listItems()));
  listen(['queue', 'line'], draw, signal);
  await draw();
  return h('div.page', {}, bar(t('outbox')), h('main', {}, list));
}

function contents(items) {
  if (items.length === 0) return [h('div.card.empty', {}, h('p', {}, t('outboxEmpty')), h('p.small', {}, contact()))];
  const unsent = items.filter((item) => item.state !== 'sent');
  const sent = items.filter((item) => item.state === 'sent').reverse().slice(0, SENT_SHOWN);
  return [
    h('p.small.line', { role: 'status' }, line.busy ? t('queueBusy') : unsent.length ? trouble() : contact()),
    unsent.length ? actions() : null,
    h('ul.list', {}, unsent.map(row), sent.map(row)),
  ];
}

function actions() {
  return h('div.stack', {},
    h('button.main', { disabled: line.busy, onclick: () => syncNow() }, t('sendNow')),
    h('button.plain', { onclick: saveUnsent, 'aria-describedby': 'file-help' }, t('saveFile')),
    h('p.small', { id: 'file-help' }, t('saveFileHelp')));
}

async function saveUnsent() {
  saveFile(await unsentFile(await get('meta', 'device')));
}

function row(item) {
  const state = { waiting: 'stateWaiting', refused: 'stateRefused', sent: 'stateSent' }[item.state];
  return h(`li.card.item.is-${item.state}`, {},
    h('span.badge', {}, icon(ICONS[item.state])),
    h('div.words', {},
      h('strong', {}, item.label || titleOf(item.title)),
      item.label ? h('span.small', {}, titleOf(item.title)) : null,
      h('span.small', {}, t('finishedAt', { when: whenText(item.finished_at) })),
      h('span.state', {}, t(state)),
      ...details(item)));
}

function details(item) {
  if (item.state === 'sent') return [h('span.small', {}, t('receipt', { n: item.receipt.number }))];
  if (item.state === 'waiting') return item.reason ? [h('span.small', {}, t(`reason.${item.reason.kind}`))] : [];
  return [
    h('p.reason', {}, t(`refused.${item.reason.status in TEXTS.refused ? item.reason.status : 'other'}`)),
    h('span.small', {}, t('refusedHelp')),
    h('span.small', { dir: 'auto' }, `${item.reason.status} ${[item.reason.title, item.reason.detail].filter(Boolean).join(': ')}`),
    h('button.plain', { onclick: async () => { await retry(item.id); syncNow(); } }, t('resend')),
  ];
}
