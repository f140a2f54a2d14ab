/** Filling an interview: one short page at a time, saved before the next one shows. */
import { listen } from '../bus.js';
import { holdDraft } from '../drafts.js';
import { CantOpen, openFilling, retake } from '../filling.js';
import { hideButton } from '../guard.js';
import { fill, h, icon, prose } from '../h.js';
import { looks } from '../looks.js';
import { beginMedia } from '../media.js';
import { go } from '../router.js';
import { syncNow } from '../sync.js';
import { languageCode, setLanguage, t, titleOf } from '../texts.js';
import { beforeLock } from '../vault.js';
import { enterRooms } from './controls/index.js';
import { bar, languageButton, leaveNotice } from './parts.js';
import { questionView } from './question.js';
import { Saving } from './saving.js';

const RIGHT_TO_LEFT = /^(ar|arc|ckb|dv|fa|ha-arab|he|khw|ks|ps|sd|syr|ug|ur|yi)\b/i;

export async function fillView(argument, { signal }) {
  try {
    const filling = await openFilling(argument);
    return await holdAndFill(filling, signal);
  } catch (error) {
    if (!(error instanceof CantOpen)) throw error;
    if (error.key === 'formMissing') listen('catalogue', () => go(location.hash), signal); // it may be on its way
    return sorry(t(error.key), error.cause ? h('p.small', { lang: 'en' }, error.cause.message) : null);
  }
}

async function holdAndFill(filling, signal, takeOver = false) {
  const lost = () => { leaveNotice(t('takenOver')); go('#/'); };
  const letGo = await holdDraft(filling.draft.id, { takeOver, lost: () => signal.aborted || lost() });
  if (letGo === null) return elsewhere(filling, signal);
  signal.addEventListener('abort', letGo);
  const current = takeOver ? await retake(filling.draft.id) : filling;
  enterRooms(current.form);
  return new FillPage(current, signal, lost).element;
}

function elsewhere(filling, signal) {
  const view = sorry(t('openElsewhere'), h('button.main', {
    onclick: async () => view.replaceWith(await holdAndFill(filling, signal, true)),
  }, t('takeOver')));
  return view;
}

function sorry(words, ...more) {
  return h('div.page', {}, bar(t('app')), h('main.stack', {}, h('p.card.notice', { role: 'alert' }, words), ...more));
}

class FillPage {
  constructor(filling, signal, lost) {
    Object.assign(this, { filling, signal, views: [], progress: '', saving: new Saving(filling, lost) });
    this.head = h('header.bar.fill-bar');
    this.words = h('bdi');
    this.bar = h('progress');
    this.body = h('form.questions', { id: 'page', novalidate: true, onsubmit: (event) => { event.preventDefault(); this.next(); } });
    this.back = h('button.plain', { type: 'button', onclick: () => this.step(-1) }, icon('back'), h('span'));
    this.forward = h('button.main', { type: 'submit', form: 'page' }, h('span'), icon('next'));
    this.ways = h('nav.row', {}, this.back, this.forward);
    this.foot = h('footer.foot', {}, this.saving.trouble, this.saving.status, this.ways);
    this.element = h('div.page.fill', {}, this.head, h('main', {}, this.body), this.foot);
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
    const flush = () => { if (document.visibilityState === 'hidden') this.save(); };
    document.addEventListener('visibilitychange', flush, { signal });
    addEventListener('pagehide', () => this.save(), { signal });
    const sizes = new ResizeObserver(() => this.makeRoom());
    [this.head, this.foot].forEach((each) => sizes.observe(each));
    signal.addEventListener('abort', () => {
      sizes.disconnect();
      this.leaveViews();
    });
  }

  draw({ focus = false } = {}) {
    this.leaveViews();
    const { filling } = this;
    const { page } = filling;
    if (focus) this.drawProgress();
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
    const fixed = [this.head, this.foot, this.body.querySelector('.is-sticky')];
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
    this.drawProgress();
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

  drawHead() {
    const { filling } = this;
    const { form } = filling;
    this.element.dir = this.direction();
    const code = languageCode(filling.languageName ?? '');
    if (/^[a-z]{2,3}(-|$)/i.test(code)) this.body.lang = code;
    else this.body.removeAttribute('lang');
    this.progress = '';
    this.drawProgress();
    const ours = form.languages.length === 2 && form.languages.every((name) => ['es', 'en'].includes(languageCode(name)));
    fill(this.head,
      h('button.icon-button', { type: 'button', 'aria-label': t('saveAndLeave'), onclick: () => this.leave() }, icon('back')),
      h('p.where', {}, this.words, filling.demo ? h('span.demo-mark', {}, t('demoShort')) : null),
      h('button.icon-button', { type: 'button', 'aria-label': t('contents'), onclick: () => this.showContents() }, icon('list')),
      ours ? languageButton({ short: true }) : [form.languages.length > 1 ? this.languageList() : null, hideButton()],
      this.bar);
  }

  direction() {
    return RIGHT_TO_LEFT.test(languageCode(this.filling.languageName ?? '')) ? 'rtl' : 'ltr';
  }

  /** "12 of about 38"; touched only when it has become another one. */
  drawProgress() {
    const { index, total, page } = this.filling;
    const words = page.kind === 'end' ? t('end') : t('progress', { n: index + 1, total });
    if (words === this.progress) return;
    this.progress = words;
    this.words.textContent = words;
    Object.assign(this.bar, { max: total, value: Math.min(index, total) });
    this.bar.setAttribute('aria-label', words);
  }

  languageList() {
    const { filling } = this;
    const code = languageCode(filling.languageName ?? '').slice(0, 3).toUpperCase();
    const select = h('select.language', { 'aria-label': t('language'), onchange: () => this.speak(select.value) },
      filling.form.languages.map((name) => h('option', { value: name, selected: name === filling.languageName, lang: languageCode(name).slice(0, 8) }, name)));
    return h('span.language-pick', {}, h('span', { 'aria-hidden': 'true' }, code), select);
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
    showContents(this.filling, { jump: (key) => this.jump(key), near: this.element, changed: () => this.rearrange() });
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
    if (kind !== 'setgeopoint') return;
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
