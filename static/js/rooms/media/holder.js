/**
 * What all questions share whose answer is a file: storing it before it is told, showing it, changing and removing it, and
 * saying in words what went wrong. The answer is the file's name; the file itself lies beside the draft (files.js).
 */
import { expectHiding } from '../../guard.js';
import { fill, h, icon, openDialog } from '../../h.js';
import { t } from '../../texts.js';
import { rememberAddress } from '../../views/saving.js';
import { dropFiles, keepFile, newName, readFile } from './files.js';
import { limitOf } from './limit.js';
import { hold, letGo, putBack, waitingFor } from './picked.js';

/**
 * `draw(holder, file)` gives the nodes for a question without answer (file null) or with one (a Blob).
 * The holder: { element, redraw, leave, keep(blob, extension), choose(...), say(key, values), show(...nodes), busy }.
 */
export function holder(question, context, draw) {
  return new Holder(question, context, draw).control();
}

class Holder {
  constructor(question, context, draw) {
    Object.assign(this, { question, context, draw });
    this.element = h('div.media', { role: 'group', ...context.naming });
    this.message = h('p.alert', { role: 'alert', hidden: true });
    this.status = h('p.media-status', { role: 'status' });
    this.body = h('div.media-body');
    this.element.append(this.message, this.status, this.body);
    this.shown = undefined;
    this.onLeave = [];
    this.urls = [];
    this.left = false;
    this.redraw();
  }

  control() {
    return { element: this.element, redraw: () => this.redraw(), leave: () => this.leave() };
  }

  get draft() {
    return this.context.filling.draft.id;
  }

  get value() {
    return this.context.state().value;
  }

  /** Draw what is stored, if that isn't what is on the screen. */
  async redraw({ anew = false } = {}) {
    const { value } = this;
    if (!anew && (value === this.shown || this.holding)) return;
    this.shown = value;
    try {
      const file = value === '' ? null : await readFile(this.draft, value).catch(unreadable);
      if (this.shown !== value || this.left) return;
      this.file = file;
      this.dropUrls();
      fill(this.body, ...this.draw(this, file));
      this.stored(value, file);
    } catch (error) {
      this.fail(error);
    }
  }

  stored(value, file) {
    if (value !== '' && !file) this.say('mediaGone');
    fill(this.status, ...(file ? [icon('check'), t('mediaSaved', { size: sizeText(file.size) })] : []));
  }

  show(...nodes) {
    this.dropUrls();
    fill(this.body, ...nodes);
  }

  /** Store `blob` and make it the answer; the file before goes once the draft no longer names it. True when it is kept. */
  async keep(blob, extension, { still = false } = {}) {
    if (!this.fits(blob)) return false;
    fill(this.status, t('mediaSaving'));
    this.hush();
    try {
      const name = newName(extension);
      await keepFile(this.draft, name, blob);
      await this.nameAfter(name, this.value, still);
      letGo();
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  /** Make a stored file the answer, on the disk too, and let go of the one before. */
  name(name) {
    return this.nameAfter(name, this.value);
  }

  async nameAfter(name, before, still = false) {
    this.context.answer(name);
    await this.context.filling.save();
    if (before && before !== name) await dropFiles(this.draft, [before]);
    if (still) this.shown = name;
    else if (!this.left) await this.redraw({ anew: true });
  }

  /** Store what is on the sheet, and leave it on the screen as it is. */
  async keepDrawn(blob, extension) {
    const kept = await this.keep(blob, extension, { still: true });
    if (kept) this.stored(this.value, blob);
  }

  remove() {
    const box = h('dialog.ask', {}, h('p', {}, t('mediaRemoveAsk')), h('div.row', {},
      h('button.plain', { type: 'button', onclick: () => box.close() }, t('cancel')),
      h('button.danger', { type: 'button', onclick: () => { box.close(); this.clear(); } }, t('mediaRemove'))));
    openDialog(box, this.element.closest('.page') ?? undefined);
  }

  async clear() {
    this.hush();
    try {
      await this.name('');
    } catch (error) {
      this.fail(error);
    }
  }

  fits(blob) {
    const limit = limitOf();
    if (blob.size > 0 && blob.size <= limit) return true;
    letGo();
    if (blob.size === 0) return this.say('mediaEmpty');
    return this.say('mediaTooLarge', { size: sizeText(blob.size), limit: sizeText(limit) });
  }

  /** Say what is wrong; false, for callers that give up. */
  say(key, values) {
    fill(this.status);
    fill(this.message, t(key, values));
    this.message.hidden = false;
    return false;
  }

  hush() {
    this.message.hidden = true;
  }

  fail(error) {
    if (error?.name === 'Locked') return putBack();
    letGo();
    if (error?.name === 'NotAPicture') return this.say('mediaNotPicture');
    return this.say(error?.full || error?.name === 'QuotaExceededError' ? 'mediaNoRoom' : 'mediaNotSaved');
  }

  /**
   * A button that opens the phone's own camera or file picker; `take(file)` is called with what was chosen, after the PIN
   * if the phone locked meanwhile.
   */
  picker(words, { accept, capture, look = 'plain' }, take) {
    const kind = capture ? 'camera' : 'choose';
    const { draft, question: { ref } } = this;
    const input = h('input', { type: 'file', accept, capture, hidden: true, tabindex: -1, onchange: () => {
      const [file] = input.files;
      this.answered(input);
      input.value = '';
      if (!file) return;
      hold(draft, ref, kind, file);
      if (!this.left) take(waitingFor(draft, ref, kind));
    }, oncancel: () => this.answered(input) });
    const open = async () => {
      this.context.filling.touched = true; // the draft is on the disk, so that what comes back finds it
      await this.context.filling.save().then(() => rememberAddress(draft), () => {});
      this.asked = input;
      expectHiding();
      input.click();
    };
    queueMicrotask(() => {
      const file = this.left ? null : waitingFor(draft, ref, kind);
      if (file) take(file);
    });
    return h('div', {}, input, h(`button.${look}.wide`, { type: 'button', 'data-do': kind, onclick: open }, t(words)));
  }

  answered(input) {
    this.asked = null;
    if (this.left) input.remove();
  }

  button(words, action, look = 'plain') {
    return h(`button.${look}.wide`, { type: 'button', 'data-do': words, onclick: action }, t(words));
  }

  /** The address of a file for an <img>, until something else is drawn. */
  url(blob) {
    this.urls.push(URL.createObjectURL(blob));
    return this.urls.at(-1);
  }

  dropUrls() {
    this.urls.splice(0).forEach((url) => URL.revokeObjectURL(url));
  }

  leave() {
    this.left = true;
    if (this.asked) document.body.append(this.asked); // the camera is still in front, and gives its picture to this field
    this.onLeave.splice(0).forEach((task) => task());
    this.dropUrls();
  }
}

/** A file that the phone has damaged is as good as gone: said, and to be made again. */
function unreadable(error) {
  if (error?.name === 'Locked') throw error;
  return null;
}

/** "182 KB", "1,4 MB" */
export function sizeText(bytes) {
  if (bytes < 1000) return `${bytes}\u00a0B`;
  return bytes < 1e6 ? `${Math.round(bytes / 1000)}\u00a0KB` : `${(bytes / 1e6).toFixed(1)}\u00a0MB`;
}
