/** The office asks for more than a PIN from now on: whoever has just opened the phone chooses it, and keeps every draft. */
import { readPolicy } from '../../guard.js';
import { fill, h } from '../../h.js';
import { t } from '../../texts.js';
import { languageButton } from '../../views/parts.js';
import { changeSecret, weakness } from './pass.js';
import { hasHardware } from './prf.js';
import { addStyle, secretField } from './secret.js';
import './changing.js';

export async function stronger() {
  addStyle();
  const policy = await readPolicy();
  const level = policy.level === 'prf' && !(await hasHardware()) ? 'passphrase' : policy.level;
  const name = t(level === 'passphrase' ? 'lockPassphrase' : 'lockPin');
  const message = h('p.message', { id: 'lock-message', role: 'alert' });
  const old = secretField('secret-old', t('changeOld'), 'pin', { describedby: 'lock-message' });
  const first = secretField('secret-new', name, level, { describedby: 'lock-message' });
  const second = secretField('secret-new-again', `${name}: ${t('setupRepeat').toLowerCase()}`, level);
  const empty = secretField('secret-new-empty', t('setupEmpty'), level);
  const button = h('button.main', {}, t('setupDo'));
  const say = (text, { field } = first) => {
    fill(message, text);
    field.setAttribute('aria-invalid', 'true');
    field.focus();
  };

  async function submit(event) {
    event.preventDefault();
    const wrong = weakness(first.field.value, level) ?? (first.field.value === second.field.value ? null : 'differs');
    if (wrong) return say(t(`setupWeak.${wrong}`));
    const weak = empty.field.value && weakness(empty.field.value, level);
    if (weak) return say(t(`setupWeak.${weak}`), empty);
    if (empty.field.value === first.field.value) return say(t('setupSame'), empty);
    button.disabled = true;
    fill(button, t('lockBusy'));
    const done = await changeSecret(old.field.value, level, first.field.value, empty.field.value).catch((error) => {
      if (error.name !== 'NoHardware') throw error;
      return say(t('setupNoHardware'));
    });
    button.disabled = false;
    fill(button, t('setupDo'));
    return done === false ? say(t('changeWrong'), old) : null; // else the router has heard
  }

  return h('div.page.lock', {},
    h('header.bar', {}, h('h1', { tabindex: -1 }, t('strongerTitle')), languageButton()),
    h('main', {},
      h('p.lead', {}, t('strongerWhy')),
      h('p', {}, t(level === 'passphrase' ? 'setupPassphrase' : 'setupHonestPrf')),
      h('form.stack', { onsubmit: submit, autocomplete: 'off' },
        old.element, first.element, second.element,
        policy.empty_pin ? h('details', {}, h('summary', {}, t('setupEmpty')), h('p.small', {}, t('setupEmptyHelp')), empty.element) : null,
        message, button)));
}
