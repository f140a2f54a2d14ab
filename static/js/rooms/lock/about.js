/** On "This phone": what protects it, whose seal it uses, and another PIN. */
import { fill, h, icon } from '../../h.js';
import { fingerprint } from '../../keys.js';
import { get } from '../../store.js';
import { addTexts, t, titleOf } from '../../texts.js';
import { changeSecret, weakness } from './pass.js';
import { addStyle, secretField } from './secret.js';
import './changing.js';

addTexts({
  keysOffice: ['Firma de la oficina', 'Signature of the office'],
  keysTitle: ['Sello de la oficina', 'Seal of the office'],
  keysHelp: ['Compare estas letras con las que muestra la oficina en la página de la ola.', 'Compare these letters with those the office shows on the page of the wave.'],
  keysNone: ['Todavía no ha llegado la llave. Llega con los formularios.', 'The key has not arrived yet. It comes with the forms.'],
  keysRefused: [
    'El servidor mandó una llave que la oficina no ha firmado. No se acepta: las entrevistas se siguen sellando con la anterior. Avise a la oficina antes de seguir.',
    'The server sent a key that the office has not signed. It is not accepted: interviews are still sealed with the one before. Tell the office before you go on.',
  ],
});

const HONEST = { pin: 'setupHonestPin', passphrase: 'setupHonestPassphrase', prf: 'setupHonestPrf' };

export async function protectionPart() {
  addStyle();
  const lock = await get('vault', 'lock');
  if (!lock?.slots) return null;
  const place = h('section.protection', {}, h('h2', {}, t('phoneSeal')), h('p', {}, t(HONEST[lock.level])), h('p', {}, t('setupLost')));
  place.append(changing(lock.level), await keysPart());
  return place;
}

/** The fingerprints that the office shows too, and loudly those that aren't believed. */
async function keysPart() {
  const pinned = await get('vault', 'keys');
  const names = new Map(((await get('meta', 'catalogue'))?.forms ?? []).map(({ wave, title }) => [wave?.id ?? '', `${titleOf(title)}: ${titleOf(wave?.name)}`]));
  const rows = Object.entries(pinned?.waves ?? {}).filter(([wave]) => names.has(wave));
  return h('section', {},
    h('h2', {}, t('keysTitle')), pinned?.refused.length ? refusal() : null,
    pinned?.office ? h('p.small', {}, t('keysHelp')) : h('p', {}, t('keysNone')),
    pinned?.office ? h('dl.card.facts.keys', {},
      h('dt', {}, t('keysOffice')), h('dd', {}, h('code', {}, fingerprint(pinned.office.kid))),
      rows.map(([wave, kid]) => [h('dt', {}, names.get(wave)), h('dd', {}, h('code', {}, fingerprint(kid)))])) : null);
}

export function refusal() {
  return h('p.card.alert', { role: 'alert' }, icon('warn'), t('keysRefused'));
}

function changing(level) {
  const message = h('p.message', { id: 'change-message', role: 'alert' });
  const old = secretField('secret-old', t('changeOld'), level, { describedby: 'change-message' });
  const first = secretField('secret-new', t('changeNew'), level, { describedby: 'change-message' });
  const second = secretField('secret-new-again', t('setupRepeat'), level);
  const empty = secretField('secret-new-empty', t('setupEmpty'), level);
  const button = h('button.plain', {}, t('changeDo'));
  const say = (text) => fill(message, text);

  async function submit(event) {
    event.preventDefault();
    const wrong = weakness(first.field.value, level) ?? (first.field.value === second.field.value ? null : 'differs');
    const weak = wrong ?? (empty.field.value ? weakness(empty.field.value, level) : null);
    if (weak) return say(t(`setupWeak.${weak}`));
    if (empty.field.value === first.field.value) return say(t('setupSame'));
    button.disabled = true;
    const done = await slowly(() => changeSecret(old.field.value, level, first.field.value, empty.field.value));
    button.disabled = false;
    if (!done) return say(t('changeWrong'));
    for (const { field } of [old, first, second, empty]) field.value = '';
    return say(t('changeDone'));
  }

  return h('details', {}, h('summary', {}, t('changeTitle')),
    h('form.stack', { onsubmit: submit, autocomplete: 'off' },
      old.element, first.element, second.element, h('p.small', {}, t('changeEmpty')), empty.element, message, button));
}

/** One try a second: a phone left unlocked is no place to guess the PIN. */
async function slowly(task) {
  const [result] = await Promise.all([task(), new Promise((resolve) => { setTimeout(resolve, 1_000); })]);
  return result;
}
