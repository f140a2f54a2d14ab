/** After enrolling: choose what opens this phone, and be told honestly what it protects from. */
import { fill, h } from '../../h.js';
import { readPolicy } from '../../guard.js';
import { t } from '../../texts.js';
import { languageButton } from '../../views/parts.js';
import { choosing } from './choosing.js';
import { setSecret } from './pass.js';
import { addStyle } from './secret.js';
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
  const choice = choosing('secret', level, policy, notice);
  const button = h('button.main', {}, t('setupDo'));

  async function submit(event) {
    event.preventDefault();
    if (button.disabled || choice.wrong()) return;
    button.disabled = true;
    fill(button, t('lockBusy'));
    try {
      await setSecret(level, choice.first.field.value, choice.empty.field.value);
    } catch (error) {
      if (error.name !== 'NoHardware') throw error;
      draw(view, 'passphrase', policy, t('setupNoHardware'));
    }
  }

  fill(view,
    h('header.bar', {}, h('h1', { tabindex: -1 }, t('setupTitle')), languageButton()),
    h('main', {},
      h('p.lead', {}, t(level === 'passphrase' ? 'setupPassphrase' : 'setupPin')),
      h('form.stack', { onsubmit: submit, autocomplete: 'off' }, choice.fields, choice.message, button),
      h('p.small', {}, t(HONEST[level])),
      h('p.small', {}, t('setupLost'))));
}
