/** A question before something is deleted, and a file handed over: what some views share, none of the first. */
import { h } from '../h.js';
import { t } from '../texts.js';

/** Ask before something is lost; true when the answer was yes. */
export function confirm(question, yes) {
  return new Promise((resolve) => {
    const box = h('dialog.ask', { onclose: () => { box.remove(); resolve(box.returnValue === 'yes'); } },
      h('form', { method: 'dialog' },
        h('p', { id: 'ask' }, question),
        h('div.row', {},
          h('button.plain', { value: 'no', autofocus: true }, t('cancel')),
          h('button.danger', { value: 'yes' }, yes))));
    box.setAttribute('aria-labelledby', 'ask');
    document.body.append(box);
    box.showModal();
  });
}

/** Hand a file to the browser's downloads. */
export function saveFile(file) {
  const address = URL.createObjectURL(file);
  const link = h('a', { href: address, download: file.name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
