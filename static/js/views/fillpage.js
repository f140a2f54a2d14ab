/** An interview on the screen: its pages one after the other, each saved before the next one shows. */
import { listen } from '../bus.js';
import { fill, h, icon, prose } from '../h.js';
import { looks } from '../looks.js';
import { beginMedia } from '../media.js';
import { go } from '../router.js';
import { syncNow } from '../sync.js';
import { languageCode, setLanguage, t, titleOf } from '../texts.js';
import { beforeLock } from '../vault.js';
import { Head, writingOf } from './head.js';
import { leaveNotice } from './parts.js';
import { questionView } from './question.js';
import { Saving } from './saving.js';

/** `element` is the view; `lost()` is called when another tab has gone on with this interview. */
export class FillPage {
  constructor(filling, signal, lost) {
    Object.assign(this, { filling, signal, views: [], saving: new Saving(filling, lost) });
    this.head = new Head(filling, { leave: () => this.leave(), list: () => this.showContents(), speak: (name) => this.speak(name) });
    this.body = h('form.questions', { id: 'page', novalidate: true, onsubmit: (event) => { event.preventDefault(); this.next(); } });
    this.back = h('button.plain', { type: 'button', onclick: () => this.step(-1) }, icon('back'), h('span'));
    this.forward = h('button.main', { type: 'submit', form: 'page' }, h('span'), icon('next'));
    this.ways = h('nav.row', {}, this.back, this.forward);
    this.foot = h('footer.foot', {}, this.saving.trouble, this.saving.status, this.ways);
    this.element = h('div.page.fill', {}, this.head.element, h('main', {}, this.body), this.foot);
    this.element.relabel = () => this.relabel();
    this.watch(signal);
    filling.setLanguage();
    filling.setWhole(looks().whole);
    filling.onActed = (action) => this.act(action);
    this.draw();
    this.warm();
    (filling.acted ?? []).splice(0).forEach((action) => this.act(action));
    beginMedia(filling, signal, this.element);
  }

  watch(signal) {
    beforeLock(() => this.save(), signal);
    listen('queue', () => this.saving.drawQueue(), signal);
    listen('catalogue', () => this.takeTexts(), signal);
    const flush = () => { if (document.visibilityState === 'hidden') this.save(); };
    document.addEventListener('visibilitychange', flush, { signal });
    addEventListener('pagehide', () => this.save(), { signal });
    const sizes = new ResizeObserver(() => this.makeRoom());
    [this.head.element, this.foot].forEach((each) => sizes.observe(each));
    signal.addEventListener('abort', () => {
      sizes.disconnect();
      this.leaveViews();
    });
  }

  draw({ focus = false } = {}) {
    this.leaveViews();
    const { filling } = this;
    const { page } = filling;
    if (focus) this.head.drawProgress();
    else this.drawHead();
    this.back.disabled = filling.index === 0;
    fill(this.back.querySelector('span'), t('back'));
    fill(this.forward.querySelector('span'), t('next'));
    this.ways.setAttribute('aria-label', titleOf(filling.draft.title));
    this.forward.hidden = page.kind === 'end';
    const section = page.kind === 'end' ? titleOf(filling.draft.title) : page.section;
    this.body.dataset.page = page.key;
    fill(this.body, section ? h('p.section', {}, h('bdi', {}, section)) : null, page.kind === 'questions' ? this.content(page) : []);
    if (page.kind !== 'questions') this.drawOther(page, focus);
    if (this.filling.form.parts?.privacy) this.drawPrivacy(page);
    this.saving.drawSaved();
    if (!focus) this.saving.drawQueue();
    if (focus) this.focusFirst();
    this.makeRoom();
  }

  focusFirst() {
    scrollTo(0, 0);
    (this.body.querySelector('.summary') ?? this.body.querySelector('h1'))?.focus({ preventScroll: true });
  }

  /** The pages that ask nothing: the end, and the one after a repeat. */
  async drawOther(page, focus) {
    const room = await import('../rooms/contents/pages.js').catch(() => null);
    if (this.body.dataset.page !== page.key || this.body.querySelector('h1, .alert')) return;
    const missing = () => [h('p.alert', { role: 'alert' }, t('roomFailed')), h('button.plain', { type: 'button', onclick: () => this.draw() }, t('tryAgain'))];
    this.body.append(...(room ? this.other(room, page) : missing()));
    if (focus) this.focusFirst();
  }

  /** Where the form tells private questions from others: the way out when somebody comes in. */
  async drawPrivacy(page) {
    const { cameButton } = await import('../rooms/field/privacy.js');
    const button = this.body.dataset.page === page.key ? cameButton(this.filling, page, (ref, code) => this.came(ref, code)) : null;
    if (button && !this.body.querySelector('.came')) this.body.prepend(button);
  }

  other({ endPage, repeatPage }, page) {
    if (page.kind === 'end') return endPage(this.filling, { jump: (key) => this.jump(key), finish: () => this.finish() });
    return repeatPage(page, this.filling, { changed: () => { this.save(); this.draw(); } });
  }

  /** Read the large lists of the form while nothing else happens: a cascade then answers at once. */
  warm() {
    const idle = globalThis.requestIdleCallback ?? setTimeout;
    idle(() => { import('../rooms/contents/pages.js').catch(() => {}); });
    const seen = new Set();
    for (const { ref, control } of this.filling.pages.flatMap(({ questions }) => questions)) {
      const source = JSON.stringify(control.choices?.nodeset ?? null).match(/"instance",\["str","([^"]+)"/)?.[1];
      if (!this.filling.form.secondary?.[source]?.src || seen.has(source)) continue;
      seen.add(source);
      idle(() => { if (!this.signal.aborted) this.filling.interview.state(ref).choices.at(0); });
    }
  }

  /** Large letters on a small screen: what usually stays in sight scrolls away, so that there is room to answer. */
  makeRoom() {
    const fixed = [this.head.element, this.foot, this.body.querySelector('.is-sticky')];
    const taken = fixed.reduce((sum, each) => sum + (each?.offsetHeight ?? 0), 0);
    this.element.classList.toggle('is-cramped', taken > innerHeight * 0.6);
  }

  content(page) {
    const { heading } = page;
    const several = page.questions.length > 1;
    const level = heading || several ? 2 : 1;
    this.views = page.questions.map((question) => this.view(question, level));
    this.list = h('div.several', {}, this.views.map(({ element }) => element));
    const title = heading ? prose(heading) : several ? page.section || titleOf(this.filling.draft.title) : null;
    return [title ? h(heading ? 'h1.statement' : 'h1.hidden-words', { tabindex: -1 }, title) : null, this.list];
  }

  view(question, level) {
    const advance = () => { if (this.filling.page.questions.length === 1) this.next(); };
    return questionView(question, this.filling, { level, advance, answer: (ref, value) => this.answered(ref, value) });
  }

  answered(ref, value) {
    this.filling.answer(ref, value);
    if (this.filling.page.questions.length > 1 || this.views.length > 1) this.matchQuestions(ref);
    this.head.drawProgress();
    this.saveSoon();
  }

  /** On a page of several questions an answer may bring others in or send them away. */
  matchQuestions(answered) {
    const { questions, heading } = this.filling.page;
    const kept = new Map(this.views.map((view) => [view.ref, view]));
    this.views = questions.map((question) => kept.get(question.ref) ?? this.view(question, heading || this.body.querySelector('h1.hidden-words') ? 2 : 1));
    const present = new Set(this.views.map(({ ref }) => ref));
    for (const [ref, view] of kept) {
      if (present.has(ref)) continue;
      view.leave();
      view.element.remove();
    }
    this.views.forEach((view, place) => {
      const there = this.list.children[place];
      if (there !== view.element) this.list.insertBefore(view.element, there ?? null);
      if (view.ref !== answered) view.redraw();
    });
  }

  /** The other languages came while the interview is open; what it shows changes only if it waited for them. */
  async takeTexts() {
    const waited = this.filling.isLanguageComing;
    await this.filling.takeTexts();
    if (waited && !this.filling.isLanguageComing) this.relabel();
  }

  drawHead() {
    const { dir, lang } = writingOf(this.filling.languageName);
    this.element.dir = dir;
    if (lang) this.body.lang = lang;
    else this.body.removeAttribute('lang');
    this.head.draw();
    this.element.querySelector('.coming')?.remove();
    if (this.filling.isLanguageComing) this.foot.prepend(h('p.telling.coming', { role: 'status' }, icon('waiting'), t('languageComing')));
  }

  /** The app itself speaks Spanish and English; a form may speak more. */
  speak(name) {
    this.filling.setLanguage(name);
    const code = languageCode(name);
    if (['es', 'en'].includes(code)) setLanguage(code);
    else {
      this.save();
      this.draw();
    }
  }

  relabel() {
    this.filling.setLanguage();
    this.save();
    this.draw();
  }

  async showContents() {
    const { showContents } = await import('../rooms/contents/contents.js');
    showContents(this.filling, { jump: (key) => this.jump(key), near: this.element, changed: () => this.rearrange(), save: () => this.save() });
  }

  /** The enumerator wants the questions one by one, or by sections. */
  rearrange() {
    this.filling.setWhole(looks().whole);
    this.draw();
  }

  next() {
    const wrong = this.views.filter((view) => !view.check());
    if (wrong.length === 0) return this.step(1);
    this.filling.tell('constraint error', wrong[0].ref);
    wrong[0].element.scrollIntoView({ block: 'start' });
    wrong[0].element.querySelector('input, textarea, select, button, [tabindex]')?.focus({ preventScroll: true });
    return null;
  }

  async step(by) {
    this.filling.move(by);
    if (await this.save()) this.draw({ focus: true });
    else this.filling.move(-by);
  }

  async jump(key) {
    this.filling.moveTo(key);
    if (await this.save()) this.draw({ focus: true });
  }

  async leave() {
    if (await this.save()) go('#/');
  }

  /** Somebody came in: what nobody else may hear is hidden at once. */
  async came(ref, code) {
    const { filling } = this;
    const ahead = filling.pages.slice(filling.index).map(({ key }) => key);
    filling.answer(ref, code);
    filling.moveTo(ahead.find((each) => filling.pages.some(({ key }) => key === each)) ?? 'end');
    if (await this.save()) this.draw({ focus: true });
  }

  async finish() {
    try {
      await this.filling.finish();
    } catch (error) {
      return this.saving.showTrouble(error, () => this.finish());
    }
    leaveNotice(t('finished'));
    go('#/');
    return syncNow();
  }

  /** What a form does by itself: take the place (setgeopoint), record (recordaudio). */
  async act({ kind, ref }) {
    if (kind !== 'setgeopoint' || this.filling.rules?.mayFollow === false) return;
    const { takePlace } = await import('../rooms/maps/background.js');
    const telling = h('p.telling', { role: 'status' }, icon('pin'), t('placeAlone'));
    this.foot.prepend(telling);
    const value = await takePlace(this.signal);
    telling.remove();
    if (value === '' || this.signal.aborted) return;
    this.filling.answer(ref, value);
    this.matchQuestionsIfAny();
    this.saveSoon();
  }

  matchQuestionsIfAny() {
    if (this.filling.page.kind === 'questions' && this.views.length) this.matchQuestions(null);
  }

  saveSoon() {
    this.saving.soon();
  }

  /** True once all answers are on disk. */
  save() {
    return this.saving.save();
  }

  leaveViews() {
    this.views.forEach((view) => view.leave());
    this.views = [];
  }
}
