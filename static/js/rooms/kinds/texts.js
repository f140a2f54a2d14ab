/** Text of a kind: not to be read by others, or an address of the web. */
import { h } from '../../h.js';
import { t } from '../../texts.js';
import { webLink } from '../../views/controls/shown.js';
import { field, typed } from '../../views/controls/typed.js';

/** Text that nobody beside should read: dots, until the eye is pressed. */
export function masked(question, context) {
  const input = field(context, { dir: 'auto', type: 'password', autocapitalize: 'off', autocomplete: 'new-password' });
  const show = h('button.plain.code', {
    type: 'button', 'aria-pressed': 'false',
    onclick: () => {
      const open = input.type === 'password';
      input.type = open ? 'text' : 'password';
      show.setAttribute('aria-pressed', open);
    },
  }, t('showAnswer'));
  const control = typed(context, input);
  return { ...control, element: h('div.row.with-now', {}, input, show), leave: () => { input.type = 'password'; } };
}

/** An address of the web, with a link to it as soon as it is one. */
export function address(question, context) {
  const input = field(context, { type: 'url', inputmode: 'url', autocapitalize: 'off', dir: 'ltr' });
  const link = h('p');
  const control = typed(context, input);
  const draw = ({ value }) => link.replaceChildren(...(/^https?:\/\/\S+\.\S/.test(value) ? [webLink(value)] : []));
  input.addEventListener('change', () => draw(context.state()));
  draw(context.state());
  return { ...control, element: h('div.stack', {}, input, link), redraw: (state) => { control.redraw(state); draw(state); } };
}
