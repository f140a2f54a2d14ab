/** The office asks for more than a PIN from now on: whoever has just opened the phone chooses it, and keeps every draft. */
import { readPolicy } from '../../guard.js';
import { fill, h } from '../../h.js';
import { t } from '../../texts.js';
import { languageButton } from '../../views/parts.js';
import { choosing } from './choosing.js';
import { changeSecret } from './pass.js';
import { hasHardware } from './prf.js';
import { addStyle, secretField } from './secret.js';
import './changing.js';

export async function stronger() {
  addStyle();
  const policy = await readPolicy();
  const level = policy.level === 'prf' && !(await hasHardware()) ? 'passphrase' : policy.level;
  const old = secretField('secret-old', t('changeOld'), 'pin', { describedby: 'lock-message' });
  const choice = choosing('secret-new', level, policy);
  const button = h('button.main', {}, t('setupDo'));

  async function submit(event) {
    event.preventDefault();
    if (choice.wrong()) return;
    button.disabled = true;
    fill(button, t('lockBusy'));
    const done = await changeSecret(old.field.value, level, choice.first.field.value, choice.empty.field.value).catch((error) => {
      if (error.name !== 'NoHardware') throw error;
      return choice.say(t('setupNoHardware'));
    });
    button.disabled = false;
    fill(button, t('setupDo'));
    if (done === false) choice.say(t('changeWrong'), old); // else the router has heard
  }

  return h('div.page.lock', {},
    h('header.bar', {}, h('h1', { tabindex: -1 }, t('strongerTitle')), languageButton()),
    h('main', {},
      h('p.lead', {}, t('strongerWhy')),
      h('p', {}, t(level === 'passphrase' ? 'setupPassphrase' : 'setupHonestPrf')),
      h('form.stack', { onsubmit: submit, autocomplete: 'off' }, old.element, choice.fields, choice.message, button)));
}
