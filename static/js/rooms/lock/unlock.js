/** The lock on the screen: it says nothing about what is behind it. */
import { fill, h } from '../../h.js';
import { readPolicy } from '../../guard.js';
import { go } from '../../router.js';
import { get } from '../../store.js';
import { t } from '../../texts.js';
import { languageButton } from '../../views/parts.js';
import { trySecret, wipe } from './pass.js';
import { addStyle, secretField } from './secret.js';
import './texts.js';

export async function unlock(_, { signal }) {
  addStyle();
  const [policy, { level, until }] = await Promise.all([readPolicy(), get('vault', 'lock')]);
  const message = h('p.message', { id: 'lock-message', role: 'alert' });
  const { field, element } = secretField('secret', t(level === 'passphrase' ? 'lockPassphrase' : 'lockPin'), level, { describedby: 'lock-message' });
  const button = h('button.main', {}, t('lockOpen'));
  const busy = (yes) => { button.disabled = yes; fill(button, t(yes ? 'lockBusy' : 'lockOpen')); };

  async function submit(event) {
    event.preventDefault();
    if (button.disabled || !field.value.trim()) return;
    const secret = field.value;
    field.value = '';
    busy(true);
    fill(message);
    const result = await trySecret(secret, policy).catch((error) => ({ kind: error.name === 'NoHardware' ? 'hardware' : 'broken', error }));
    busy(false);
    if (result.kind === 'open') return; // the router has heard
    if (result.kind === 'broken') throw result.error;
    if (result.kind === 'wiped') return go('#/');
    field.setAttribute('aria-invalid', 'true');
    fill(message, result.kind === 'hardware' ? t('lockHardware') : result.kind === 'wrong' ? t('lockWrong', result) : '');
    if (result.wait) pause(result.wait);
  }

  /** Count the seconds down, then let the next try in. */
  function pause(wait) {
    const end = Date.now() + wait;
    const said = message.textContent;
    button.disabled = true;
    const tick = () => {
      const seconds = Math.ceil((end - Date.now()) / 1000);
      if (signal.aborted) return;
      if (seconds <= 0) {
        button.disabled = false;
        fill(message, said);
        return;
      }
      fill(message, [said, t('lockPause', { seconds })].filter(Boolean).join(' '));
      setTimeout(tick, 500);
    };
    tick();
  }

  async function forgot() {
    const { confirm } = await import('../../views/asking.js');
    if (!(await confirm(t('lockForgotAsk'), t('lockForgotDo')))) return;
    await wipe();
    go('#/');
  }

  const left = until - Date.now();
  if (left > 0 && left <= 300_000) pause(left);
  return page(t('lockTitle'),
    h('form.stack', { onsubmit: submit, autocomplete: 'off' }, element, message, button),
    h('p.small', {}, t('lockSends')),
    h('button.quiet', { type: 'button', onclick: forgot }, t('lockForgot')));
}

/** After too many tries, or when the secret was forgotten: only the office helps. */
export function wiped() {
  addStyle();
  return page(t('wipedTitle'), h('p.lead', {}, t('wipedText')), h('a.main', { href: '#/enrol' }, t('enrolTitle')));
}

function page(title, ...children) {
  return h('div.page.lock', {},
    h('header.bar', {}, h('h1', { tabindex: -1 }, title), languageButton()),
    h('main.stack', {}, ...children));
}
