/** The bar over an interview: save and leave, how far one is, the list of questions, the language, hide now. */
import { hideButton } from '../guard.js';
import { fill, h, icon } from '../h.js';
import { languageCode, t } from '../texts.js';
import { languageButton } from './parts.js';

const RIGHT_TO_LEFT = /^(ar|arc|ckb|dv|fa|ha-arab|he|khw|ks|ps|sd|syr|ug|ur|yi)\b/i;

export class Head {
  #said = '';

  /** `leave()`, `list()` and `speak(language name)` are what its buttons do. */
  constructor(filling, ways) {
    Object.assign(this, { filling, ways });
    this.element = h('header.bar.fill-bar');
    this.words = h('bdi');
    this.bar = h('progress');
  }

  /** All of it, in the language of the moment. */
  draw() {
    const { filling: { form, demo }, ways } = this;
    this.#said = '';
    this.drawProgress();
    const ours = form.languages.length === 2 && form.languages.every((name) => ['es', 'en'].includes(languageCode(name)));
    fill(this.element,
      h('button.icon-button', { type: 'button', 'aria-label': t('saveAndLeave'), onclick: ways.leave }, icon('back')),
      h('p.where', {}, this.words, demo ? h('span.demo-mark', {}, t('demoShort')) : null),
      h('button.icon-button', { type: 'button', 'aria-label': t('contents'), onclick: ways.list }, icon('list')),
      ours ? languageButton({ short: true }) : [form.languages.length > 1 ? this.languageList() : null, hideButton()],
      this.bar);
  }

  /** "12 of about 38"; touched only when it has become another one. */
  drawProgress() {
    const { index, total, page } = this.filling;
    const words = page.kind === 'end' ? t('endShort') : t('progress', { n: index + 1, total });
    if (words === this.#said) return;
    this.#said = words;
    this.words.textContent = words;
    Object.assign(this.bar, { max: total, value: Math.min(index, total) });
    this.bar.setAttribute('aria-label', words);
  }

  languageList() {
    const { filling: { form, languageName }, ways } = this;
    const code = languageCode(languageName ?? '').slice(0, 3).toUpperCase();
    const select = h('select.language', { 'aria-label': t('language'), onchange: () => ways.speak(select.value) },
      form.languages.map((name) => h('option', { value: name, selected: name === languageName, lang: languageCode(name).slice(0, 8) }, name)));
    return h('span.language-pick', {}, h('span', { 'aria-hidden': 'true' }, code), select);
  }
}

/** How the interview's language is written: { dir, lang }; lang is null for a name that is no code. */
export function writingOf(languageName = '') {
  const code = languageCode(languageName);
  return { dir: RIGHT_TO_LEFT.test(code) ? 'rtl' : 'ltr', lang: /^[a-z]{2,3}(-|$)/i.test(code) ? code : null };
}
