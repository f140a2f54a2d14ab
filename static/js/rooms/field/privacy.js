/**
 * Questions that are only for when nobody else can hear. The form says so by one question (its design sheet gives it the part
 * `privacy`) whose code for "others are here" sends them away. On each of them stands a button for the moment when somebody
 * comes in: one tap hides them all, blanks what may not be seen, and goes on with what anybody may hear.
 */
import { h } from '../../h.js';
import { addTexts, t } from '../../texts.js';

addTexts({
  somebodyCame: ['Llegó alguien', 'Somebody came in'],
});

const known = new WeakMap();

/** The button for the page, or null where nothing is private; `came(ref, code)` is called with what to answer. */
export function cameButton(filling, page, came) {
  const privacy = privacyOf(filling.form);
  const secret = privacy && page.questions?.some(({ control }) => privacy.hides.some((ref) => control.ref === ref || control.ref.startsWith(`${ref}/`)));
  if (!secret) return null;
  return h('button.quiet.came', { type: 'button', onclick: () => came(privacy.ref, privacy.code) }, t('somebodyCame'));
}

/** { ref, code, hides: plain paths }: the question, its code for "others are here", and what that code sends away. */
export function privacyOf(form) {
  if (!known.has(form)) known.set(form, find(form));
  return known.get(form);
}

function find({ parts, binds }) {
  if (!parts?.privacy) return null;
  const name = parts.privacy.slice(parts.privacy.lastIndexOf('/') + 1);
  const found = binds.map(({ ref, relevant }) => [ref, codeIn(relevant, name)]).filter(([, code]) => code !== null);
  return found.length ? { ref: parts.privacy, code: found[0][1], hides: found.map(([ref]) => ref) } : null;
}

/** The code in `${name} != code`, wherever it stands in the rule. */
function codeIn(tree, name) {
  if (!Array.isArray(tree)) return null;
  const [op, a, b] = tree;
  if (op === '!=') {
    const path = [a, b].find((side) => side?.[0] === 'path' && side.at(-1)?.[1] === name);
    const code = [a, b].find((side) => side?.[0] === 'num' || side?.[0] === 'str');
    if (path && code) return String(code[1]);
  }
  return tree.slice(1).reduce((code, part) => code ?? codeIn(part, name), null);
}
