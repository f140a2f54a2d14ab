/** What several views share: the bar on top, the queue in sight. */
import { listen } from '../bus.js';
import { hideButton } from '../guard.js';
import { fill, h, icon, untouched } from '../h.js';
import { countQueue } from '../outbox.js';
import { line } from '../sync.js';
import { language, setLanguage, t, whenText } from '../texts.js';

/** The bar of every view but the interview's: the way back, the title, the language. */
export function bar(title, { home = true } = {}) {
  return h('header.bar', {},
    home ? h('a.icon-button', { href: '#/', 'aria-label': t('home') }, icon('back')) : null,
    h('h1', { tabindex: -1 }, title),
    languageButton({ short: home }));
}

/** What somebody can do something about, even when nothing waits. */
const ODD = new Set(['portal', 'nonsense', 'old-app', 'unknown-phone']);

const other = () => language() === 'es' ? 'en' : 'es';

/** One tap to the other language, and one that hides the app. */
export function languageButton({ short = false } = {}) {
  const attributes = { type: 'button', lang: other(), 'aria-label': short ? t('otherLanguage') : null, onclick: () => setLanguage(other()) };
  return [h('button.quiet.language', attributes, short ? other().toUpperCase() : t('otherLanguage')), hideButton()];
}

/** The state of the queue in one card, always current; a link to the outbox. */
export function queueCard(signal) {
  const card = h('a.card.queue', { href: '#/outbox' });
  const draw = async () => {
    const counts = await countQueue();
    const unsent = counts.waiting + counts.media + counts.refused;
    await untouched(card);
    card.classList.toggle('is-waiting', unsent > 0);
    card.classList.toggle('is-refused', counts.refused > 0);
    fill(card,
      h('span.badge', {}, icon(counts.refused ? 'warn' : unsent ? 'waiting' : 'check')),
      h('span.words', { role: 'status' },
        h('strong', {}, queueWords(counts)),
        h('span.small', {}, line.busy && unsent ? t('queueBusy') : unsent || ODD.has(line.reason) ? trouble() : contact())),
      icon('next'));
  };
  listen(['queue', 'line'], draw, signal);
  return draw().then(() => card);
}

/** "3 interviews not sent, 1 refused" or "Everything sent". */
export function queueWords({ waiting, media = 0, refused }) {
  const parts = [waiting ? t('queueWaiting', { n: waiting }) : null, media ? t('queueMedia', { n: media }) : null, refused ? t('queueRefused', { n: refused }) : null];
  return parts.filter(Boolean).join(', ') || t('queueNone');
}

/** Why the queue stands still, in words for the person holding the phone. */
export function trouble() {
  return line.reason && line.reason !== 'offline' ? t(`reason.${line.reason}`) : t('queueAlone');
}

export function contact() {
  return line.contact ? t('lastContact', { when: whenText(line.contact) }) : t('neverContact');
}

let noticeText = null;

/** Say something once on the next view that looks. */
export function leaveNotice(text) {
  noticeText = text;
}

export function takeNotice() {
  const text = noticeText;
  noticeText = null;
  return text;
}
