/** When answers go to the disk, and what the person who gives them sees of it: saved at, not yet sent, what is wrong. */
import { fill, h, icon } from '../h.js';
import { countQueue } from '../outbox.js';
import { t, whenText } from '../texts.js';
import { queueWords } from './parts.js';

const TYPING_MS = 300;
const SAID = { NoKey: 'noKey', FileGone: 'mediaFileGone' };

/** From the first save on, the address is the draft's: reloading opens it and doesn't begin another. */
export function rememberAddress(id) {
  if (location.hash.startsWith('#/fill/new')) history.replaceState(null, '', `#/fill/${encodeURIComponent(id)}`);
}

export class Saving {
  /** `lost()` is called when another tab has gone on with this interview. */
  constructor(filling, lost) {
    Object.assign(this, { filling, lost, waiting: 0 });
    this.saved = h('p.saved', { role: 'status' });
    this.unsent = h('a.unsent', { href: '#/outbox' });
    this.status = h('div.status', {}, this.saved, this.unsent);
    this.trouble = h('div.save-trouble', { role: 'alert', hidden: true });
  }

  /** After the answer has been painted; while somebody types, when they pause. */
  soon() {
    if (this.filling.touched && !this.waiting) fill(this.saved, h('span', {}, t('saving')));
    clearTimeout(this.waiting);
    const typing = document.activeElement?.matches('input:not([type=radio], [type=checkbox], [type=range]), textarea');
    this.waiting = setTimeout(() => requestAnimationFrame(() => setTimeout(() => this.save())), typing ? TYPING_MS : 0);
  }

  /** True once all answers are on disk; shows what is wrong and keeps the page otherwise. */
  async save() {
    clearTimeout(this.waiting);
    this.waiting = 0;
    try {
      const draft = await this.filling.save();
      if (draft) rememberAddress(draft.id);
      this.trouble.hidden = true;
      if (!this.waiting) this.drawSaved();
      return true;
    } catch (error) {
      if (error.name === 'Superseded') this.lost();
      else this.showTrouble(error, () => this.save());
      return false;
    }
  }

  showTrouble(error, again) {
    this.trouble.hidden = false;
    fill(this.trouble,
      h('p', {}, t(SAID[error.name] ?? (error.full ? 'saveFull' : 'saveFailed'))), h('p.small', {}, error.message),
      h('button.plain', { type: 'button', onclick: again }, t('tryAgain')));
  }

  drawSaved() {
    const { touched, draft } = this.filling;
    fill(this.saved, ...(touched && draft.xml ? [icon('check'), h('bdi', {}, t('savedAt', { when: whenText(draft.saved_at) }))] : []));
  }

  async drawQueue() {
    const counts = await countQueue();
    const unsent = counts.waiting + (counts.media ?? 0) + counts.refused;
    this.unsent.setAttribute('aria-label', queueWords(counts));
    fill(this.unsent, icon(unsent ? 'waiting' : 'check'), h('span', {}, unsent ? t('queueShort', { n: unsent }) : t('queueNone')));
  }
}
