/**
 * The sound of the whole interview, where the form asks for it. While it is recorded a sign says so; refused, a message does,
 * and the interview goes on. What one opening of the draft recorded is one file; later ones are its continuations: 123.webm,
 * 123-2.webm, …
 */
import { fill, h } from '../../h.js';
import { t } from '../../texts.js';
import { listFiles, newName } from './files.js';
import { limitOf } from './limit.js';
import { canRecord, extensionFor, openMicrophone, Recording, soundRate } from './recorder.js';

export class Background {
  #recording = null;

  constructor({ filling, signal, page, sound }) {
    Object.assign(this, { filling, signal, ref: sound.ref, rate: soundRate(sound.quality ?? sound.parameters?.quality) });
    this.sign = h('p.background-sound', { role: 'status' });
    page.querySelector('.foot')?.prepend(this.sign);
    this.sign.hidden = true;
    signal.addEventListener('abort', () => this.stop());
    this.begun = this.#begin();
  }

  /** The interview is being finished: what was recorded must be whole. */
  async finishing() {
    await this.stop();
  }

  /** The interview is being left, or the phone locks: what was recorded until now is written. */
  leaving() {
    return this.stop();
  }

  stop() {
    this.stopped = true;
    this.sign.hidden = true;
    return this.#recording?.stop();
  }

  async #begin() {
    try {
      if (!canRecord()) throw new DOMException('no recorder', 'NotFoundError');
      const stream = await openMicrophone();
      if (this.stopped) return stream.getTracks().forEach((track) => track.stop());
      return await this.#record(stream);
    } catch (error) {
      return this.#show(error?.name === 'NotAllowedError' ? 'backgroundDenied' : 'backgroundFailed');
    }
  }

  async #record(stream) {
    this.#recording = new Recording(stream, this.filling.draft.id, {
      rate: this.rate, limit: limitOf(), name: await this.#nextName(),
      begun: (name) => this.#name(name),
      over: (why) => this.#ended(why),
    });
    this.#show('backgroundOn', h('span.media-dot', { 'aria-hidden': 'true' }));
  }

  /** The first file of an interview names itself in the answers; its continuations are found by it. */
  async #name(name) {
    if (this.#answer() !== '') return;
    this.filling.answer(this.ref, name);
    await this.filling.save();
  }

  async #nextName() {
    const first = this.#answer();
    if (first === '') return newName(extensionFor());
    const taken = new Set(await listFiles(this.filling.draft.id));
    const [base, extension] = [first.slice(0, first.lastIndexOf('.')), first.slice(first.lastIndexOf('.'))];
    let number = 2;
    while (taken.has(`${base}-${number}${extension}`)) number += 1;
    return `${base}-${number}${extension}`;
  }

  /** A file that has grown to the limit is followed by another; anything else is said. */
  async #ended(why) {
    if (this.stopped) return;
    if (why === 'limit') await this.#begin();
    else this.#show('backgroundFailed');
  }

  #answer() {
    return this.filling.interview.instance.find(this.ref)?.text ?? '';
  }

  #show(words, ...more) {
    fill(this.sign, ...more, t(words));
    this.sign.hidden = false;
  }
}
