/** The field for a PIN or a passphrase: pasting is fine, no password manager or page history keeps it. */
import { h } from '../../h.js';
import { t } from '../../texts.js';

export function secretField(id, label, level, { describedby } = {}) {
  const field = h('input.secret', {
    id, type: 'text', autocomplete: 'off', autocapitalize: 'off', autocorrect: 'off', spellcheck: 'false',
    inputmode: level === 'passphrase' ? 'text' : 'numeric', 'aria-describedby': describedby,
  });
  const show = h('button.quiet', {
    type: 'button', 'aria-pressed': 'false', 'aria-label': `${t('lockShow')}: ${label}`,
    onclick: () => show.setAttribute('aria-pressed', String(field.classList.toggle('is-shown'))),
  }, t('lockShow'));
  return { field, element: h('div.secret-field', {}, h('label', { for: id }, label), h('div.row', {}, field, show)) };
}

/** The room's own style, once. */
export function addStyle() {
  if (document.getElementById('lock-style')) return;
  const { version } = document.documentElement.dataset;
  document.head.append(h('link', { id: 'lock-style', rel: 'stylesheet', href: `/static/${version}/css/lock.css` }));
}
