// Labels, hints and messages: texts with values in them, in the language of the interview. A missing translation falls
// back to the form's default language, then to any.

import { compile, contextOf } from './evaluate.js';
import { toText } from './values.js';

const compiled = new WeakMap();

export class Texts {
  constructor(prepared, env) {
    this.prepared = prepared;
    this.env = env;
  }

  /** The forms (plain, short, guidance, image, audio ...) of a text, or null. */
  forms(key) {
    const { texts = {}, default_language: usual } = this.prepared.form;
    const found = Object.hasOwn(texts, key ?? '') ? texts[key] : null;
    return found ? found[this.env.language] ?? found[usual] ?? Object.values(found)[0] : null;
  }

  /** @param {string|undefined} key @param {import('./nodes.js').Node} node whom the text is about @returns {string} */
  plain(key, node, form = '') {
    const parts = this.forms(key)?.[form];
    if (!Array.isArray(parts)) return parts ?? '';
    return parts.map((part) => (typeof part === 'string' ? part : this.output(part, node))).join('').trim();
  }

  output(part, node) {
    if (!compiled.has(part)) compiled.set(part, compile(part.value, this.prepared.scope));
    try {
      const text = toText(compiled.get(part)(contextOf(node, this.env)));
      return text === 'NaN' ? '' : text;
    } catch {
      return '';
    }
  }

  /** Images and sounds of a text: {image, audio, video, 'big-image'} as file names. */
  media(key) {
    const forms = this.forms(key) ?? {};
    const found = {};
    for (const kind of ['image', 'big-image', 'audio', 'video']) {
      if (forms[kind]) found[kind] = String(forms[kind]).replace(/^jr:\/\/[^/]+\//, '');
    }
    return found;
  }
}
