/** Any file, within the office's limit. Its own name stays on the phone where it came from: it could tell too much. */
import { h, icon } from '../../h.js';
import { t } from '../../texts.js';
import { holder } from './holder.js';

export function anyFile(question, context) {
  const { mediatype } = question.control;
  const accept = mediatype && mediatype !== 'application/*' ? mediatype : null;
  return holder(question, context, (held, file) => {
    const choose = held.picker(file ? 'mediaChange' : 'mediaChoose', { accept, look: file ? 'plain' : 'main' }, (chosen) => held.keep(chosen, extensionOf(chosen)));
    if (!file) return [choose];
    const shown = h('p.card.media-file', {}, icon('check'), h('span', {}, t('mediaFile', { name: held.value })));
    return [shown, choose, held.button('mediaRemove', () => held.remove(), 'quiet')];
  });
}

/** The extension of a chosen file, if it is an ordinary one. */
export function extensionOf({ name, type }, otherwise = 'bin') {
  const found = /\.([a-z0-9]{1,8})$/i.exec(name ?? '')?.[1].toLowerCase();
  return found ?? /\/([a-z0-9]{1,8})$/.exec(type ?? '')?.[1] ?? otherwise;
}
