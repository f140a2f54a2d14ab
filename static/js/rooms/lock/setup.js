/** After enrolling: choose what opens this phone, and be told honestly what it protects from. */
import { fill, h } from '../../h.js';
import { readPolicy } from '../../guard.js';
import { t } from '../../texts.js';
import { languageButton } from '../../views/parts.js';
import { setSecret, weakness } from './pass.js';
import { addStyle, secretField } from './secret.js';
import './texts.js';

const HONEST = { pin: 'setupHonestPin', passphrase: 'setupHonestPassphrase', prf: 'setupHonestPrf' };

export async function setup() {
  addStyle();
  const policy = await readPolicy();
  const level = policy.level === 'prf' && !(await (await import('./prf.js')).hasHardware()) ? 'passphrase' : policy.level;
  const view = h('div.page.lock');
  draw(view, level, policy, level !== policy.level ? t('setupNoHardware') : null);
  return view;
}

function draw(view, level, policy, notice) {
  const name = t(level === 'passphrase' ? 'lockPassphrase' : 'lockPin');
  const message = h('p.message', { id: 'lock-message', role: 'alert' }, notice);
  const first = secretField('secret', name, level, { describedby: 'lock-message' });
  const second = secretField('secret-again', `${name}: ${t('setupRepeat').toLowerCase()}`, level);
  const empty = secretField('secret-empty', t('setupEmpty'), level);
  const button = h('button.main', {}, t('setupDo'));
  const say = (text, { field } = first) => {
    fill(message, text);
    field.setAttribute('aria-invalid', 'true');
    field.focus();
  };

  async function submit(event) {
    event.preventDefault();
    if (button.disabled) return;
    const wrong = weakness(first.field.value, level) ?? (first.field.value === second.field.value ? null : 'differs');
    if (wrong) return say(t(`setupWeak.${wrong}`));
    const other = empty.field.value;
    const weak = other && weakness(other, level);
    if (weak) return say(t(`setupWeak.${weak}`), empty);
    if (other === first.field.value) return say(t('setupSame'), empty);
    button.disabled = true;
    fill(button, t('lockBusy'));
    try {
      await setSecret(level, first.field.value, other);
    } catch (error) {
      if (error.name !== 'NoHardware') throw error;
      draw(view, 'passphrase', policy, t('setupNoHardware'));
    }
  }

  fill(view,
    h('header.bar', {}, h('h1', { tabindex: -1 }, t('setupTitle')), languageButton()),
    h('main', {},
      h('p.lead', {}, t(level === 'passphrase' ? 'setupPassphrase' : 'setupPin')),
      h('form.stack', { onsubmit: submit, autocomplete: 'off' },
        first.element, second.element,
        policy.empty_pin ? h('details', {}, h('summary', {}, t('setupEmpty')), h('p.small', {}, t('setupEmptyHelp')), empty.element) : null,
        message, button),
      h('p.small', {}, t(HONEST[level])),
      h('p.small', {}, t('setupLost'))));
}
