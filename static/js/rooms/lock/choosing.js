/** Choosing what opens a phone: the secret twice, the one for emergencies if there is to be one, and what is wrong with them. */
import { fill, h } from '../../h.js';
import { t } from '../../texts.js';
import { weakness } from './pass.js';
import { secretField } from './secret.js';

/**
 * { fields, message, first, empty, say(text, field), wrong() }: `fields` are the elements of a form, ids begin with `id`; `wrong()`
 * is true when the choice can't be taken, and has said why.
 */
export function choosing(id, level, { empty_pin: hasEmpty }, notice = null) {
  const name = t(level === 'passphrase' ? 'lockPassphrase' : 'lockPin');
  const message = h('p.message', { id: 'lock-message', role: 'alert' }, notice);
  const first = secretField(id, name, level, { describedby: 'lock-message' });
  const second = secretField(`${id}-again`, `${name}: ${t('setupRepeat').toLowerCase()}`, level);
  const empty = secretField(`${id}-empty`, t('setupEmpty'), level);
  const say = (text, { field } = first) => {
    fill(message, text);
    field.setAttribute('aria-invalid', 'true');
    field.focus();
    return true;
  };
  const wrong = () => {
    const [chosen, again, other] = [first, second, empty].map(({ field }) => field.value);
    const weak = weakness(chosen, level) ?? (chosen === again ? null : 'differs');
    if (weak) return say(t(`setupWeak.${weak}`));
    const weakOther = other && weakness(other, level);
    if (weakOther) return say(t(`setupWeak.${weakOther}`), empty);
    return other === chosen ? say(t('setupSame'), empty) : false;
  };
  const emergency = hasEmpty ? h('details', {}, h('summary', {}, t('setupEmpty')), h('p.small', {}, t('setupEmptyHelp')), empty.element) : null;
  return { fields: [first.element, second.element, emergency], message, first, empty, say, wrong };
}
