/**
 * Free text may hold what names a person, and nobody wants it there: a long number (an identity document, a telephone) or a
 * name. Said beside the field when somebody leaves it; never refused, because it may be something else.
 */
import { h } from '../../h.js';
import { addTexts, t } from '../../texts.js';

const NUMBER = /\d(?:[\s.-]?\d){7,}/;
const NAME = /(?<=[\p{L}\p{N},;:]\s)\p{Lu}\p{Ll}{2,}\s+(?:(?:de|del|la|las|los|y)\s+)*\p{Lu}\p{Ll}{2,}/u;

addTexts({
  personal: ['¿Nombre, teléfono o documento? No escriba datos que digan quién es una persona.', 'A name, telephone or document? Do not write what tells who a person is.'],
});

/** Does the text look like it names somebody? */
export function isPersonal(text) {
  return NUMBER.test(text) || NAME.test(text);
}

/** Say it after `field`, or take back what was said. */
export function warn(field) {
  const said = field.parentElement?.querySelector('.personal');
  if (!isPersonal(field.value)) return said?.remove();
  return said ? undefined : field.after(h('p.small.personal', { role: 'status' }, t('personal')));
}
