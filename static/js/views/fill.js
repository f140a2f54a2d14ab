/** Filling an interview: one short page at a time, saved before the next one shows. */
import { listen } from '../bus.js';
import { holdDraft } from '../drafts.js';
import { CantOpen, openFilling, retake } from '../filling.js';
import { fill, h, icon, prose } from '../h.js';
import { askToKeep } from '../install.js';
import { countQueue } from '../outbox.js';
import { go } from '../router.js';
import { syncNow } from '../sync.js';
import { languageCode, setLanguage, t, titleOf, whenText } from '../texts.js';
import { beforeLock } from '../vault.js';
import { showContents } from './contents.js';
import { endPage } from './end.js';
import { bar, languageButton, leaveNotice, queueWords } from './parts.js';
import { questionView } from './question.js';
import { repeatPage } from './repeat.js';

export async function fillView(argument, { signal }) {
  try {
    const filling = await openFilling(argument);
    return await holdAndFill(filling, signal);
  } catch (error) {
    if (!(error instanceof CantOpen)) throw error;
    return sorry(t(error.key), error.cause ? h('p.small', { lang: 'en' }, error.cause.message) : null);
  }
}

async function holdAndFill(filling, signal, takeOver = false) {
  const lost = () => { leaveNotice(t('takenOver')); go('#/'); };
  const letGo = await holdDraft(filling.draft.id, { takeOver, lost: () => signal.aborted || lost() });
  if (letGo === null) return elsewhere(filling, signal);
  signal.addEventListener('abort', letGo);
  return new FillPage(takeOver ? await retake(filling.draft.id) : filling, signal).element;
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
  constructor(filling, signal) {
    this.filling = filling;
    this.views = [];
    this.head = h('header.bar.fill-bar');
    this.body = h('form.questions', { id: 'page', novalidate: true, onsubmit: (event) => { event.preventDefault(); this.next(); } });
    this.saved = h('p.saved', { role: 'status' });
    this.unsent = h('a.unsent', { href: '#/outbox' });
    this.back = h('button.plain', { type: 'button', onclick: () => this.step(-1) }, icon('back'), h('span'));
    this.forward = h('button.main', { type: 'submit', form: 'page' }, h('span'), icon('next'));
    this.ways = h('nav.row', {}, this.back, this.forward);
    this.trouble = h('div.save-trouble', { role: 'alert', hidden: true });
    this.element = h('div.page.fill', {}, this.head, h('main', {}, this.body),
      h('footer.foot', {}, this.trouble, h('div.status', {}, this.saved, this.unsent), this.ways));
    this.element.relabel = () => this.relabel();
    beforeLock(() => this.save(), signal);
    listen('queue', () => this.drawQueue(), signal);
    const flush = () => { if (document.visibilityState === 'hidden') this.save(); };
    document.addEventListener('visibilitychange', flush, { signal });
    addEventListener('pagehide', () => this.save(), { signal });
    const sizes = new ResizeObserver(() => this.makeRoom());
    sizes.observe(this.head);
    sizes.observe(this.element.lastElementChild);
    signal.addEventListener('abort', () => sizes.disconnect());
    signal.addEventListener('abort', () => this.leaveViews());
    filling.setLanguage();
    this.draw();
  }

  draw({ focus = false } = {}) {
    this.leaveViews();
    const { filling } = this;
    const { page } = filling;
    this.drawHead();
    this.back.disabled = filling.index === 0;
    fill(this.back.querySelector('span'), t('back'));
    fill(this.forward.querySelector('span'), t('next'));
    this.ways.setAttribute('aria-label', titleOf(filling.draft.title));
    this.forward.hidden = page.kind === 'end';
    const section = page.kind === 'end' ? titleOf(filling.draft.title) : page.section;
    this.body.dataset.page = page.key;
    fill(this.body, section ? h('p.section', {}, section) : null, ...this.content(page));
    this.drawSaved();
    this.drawQueue();
    this.makeRoom();
    if (!focus) return;
    scrollTo(0, 0);
    this.body.querySelector('h1')?.focus({ preventScroll: true });
  }

  /** Large letters on a small screen: what usually stays in sight scrolls away, so that there is room to answer. */
  makeRoom() {
    const fixed = [this.head, this.element.lastElementChild, this.body.querySelector('.is-sticky')];
    const taken = fixed.reduce((sum, each) => sum + (each?.offsetHeight ?? 0), 0);
    this.element.classList.toggle('is-cramped', taken > innerHeight * 0.6);
  }

  content(page) {
    if (page.kind === 'end') return endPage(this.filling, { jump: (key) => this.jump(key), finish: () => this.finish() });
    if (page.kind === 'repeat') return repeatPage(page, this.filling, { changed: () => { this.save(); this.draw(); } });
    const level = page.heading ? 2 : 1;
    this.views = page.questions.map((question) => this.view(question, level));
    this.list = h('div.several', {}, this.views.map(({ element }) => element));
    return [page.heading ? h('h1.statement', { tabindex: -1 }, prose(page.heading)) : null, this.list];
  }

  view(question, level) {
    return questionView(question, this.filling.interview, { level, answer: (ref, value) => this.answered(ref, value) });
  }

  answered(ref, value) {
    this.filling.answer(ref, value);
    this.save();
    if (this.filling.page.questions.length > 1 || this.views.length > 1) this.matchQuestions(ref);
    this.drawHead();
  }

  /** On a page of several questions an answer may bring others in or send them away. */
  matchQuestions(answered) {
    const { questions, heading } = this.filling.page;
    const kept = new Map(this.views.map((view) => [view.ref, view]));
    this.views = questions.map((question) => kept.get(question.ref) ?? this.view(question, heading ? 2 : 1));
    const present = new Set(this.views.map(({ ref }) => ref));
    for (const [ref, view] of kept) if (!present.has(ref)) view.element.remove();
    this.views.forEach((view, place) => {
      const there = this.list.children[place];
      if (there !== view.element) this.list.insertBefore(view.element, there ?? null);
      if (view.ref !== answered) view.redraw();
    });
  }

  drawHead() {
    const { filling } = this;
    const { index, total, page, form } = filling;
    const words = page.kind === 'end' ? t('end') : t('progress', { n: index + 1, total });
    fill(this.head,
      h('button.icon-button', { type: 'button', 'aria-label': t('saveAndLeave'), onclick: () => this.leave() }, icon('back')),
      h('p.where', {}, words, filling.demo ? h('span.demo-mark', {}, t('demoShort')) : null),
      h('button.icon-button', { type: 'button', 'aria-label': t('contents'), onclick: () => showContents(filling, (key) => this.jump(key)) }, icon('list')),
      form.languages.length > 2 ? this.languageList() : form.languages.length > 1 ? languageButton({ short: true }) : null,
      h('progress', { max: total, value: Math.min(index, total), 'aria-label': words }));
  }

  languageList() {
    const { filling } = this;
    const select = h('select.language', { 'aria-label': t('language'), onchange: () => this.speak(select.value) },
      filling.form.languages.map((name) => h('option', { value: name, selected: name === filling.languageName }, name)));
    return select;
  }

  speak(name) {
    this.filling.setLanguage(name);
    setLanguage(languageCode(name));
    this.draw();
  }

  relabel() {
    this.filling.setLanguage();
    this.save();
    this.draw();
  }

  next() {
    const wrong = this.views.filter((view) => !view.check());
    if (wrong.length === 0) return this.step(1);
    wrong[0].element.scrollIntoView({ block: 'start' });
    wrong[0].element.querySelector('input, textarea, button, [tabindex]')?.focus({ preventScroll: true });
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
      return this.showTrouble(error, () => this.finish());
    }
    leaveNotice(t('finished'));
    askToKeep();
    go('#/');
    return syncNow();
  }

  /** True once all answers are on disk; shows what is wrong and keeps the page otherwise. */
  async save() {
    try {
      const draft = await this.filling.save();
      if (draft) this.rememberAddress(draft.id);
      this.trouble.hidden = true;
      this.drawSaved();
      return true;
    } catch (error) {
      this.showTrouble(error, () => this.save());
      return false;
    }
  }

  /** From the first save on, the address is the draft's: reloading opens it and doesn't begin another. */
  rememberAddress(id) {
    const address = `#/fill/${encodeURIComponent(id)}`;
    if (location.hash.startsWith('#/fill/new')) history.replaceState(null, '', address);
  }

  showTrouble(error, again) {
    this.trouble.hidden = false;
    fill(this.trouble,
      h('p', {}, t(error.full ? 'saveFull' : 'saveFailed')), h('p.small', {}, error.message),
      h('button.plain', { type: 'button', onclick: again }, t('tryAgain')));
  }

  drawSaved() {
    const { touched, draft } = this.filling;
    fill(this.saved, ...(touched && draft.xml ? [icon('check'), h('span', {}, t('savedAt', { when: whenText(draft.saved_at) }))] : []));
  }

  async drawQueue() {
    const counts = await countQueue();
    const unsent = counts.waiting + counts.refused;
    this.unsent.setAttribute('aria-label', queueWords(counts));
    fill(this.unsent, icon(unsent ? 'waiting' : 'check'), h('span', {}, unsent ? t('queueShort', { n: unsent }) : t('queueNone')));
  }

  leaveViews() {
    this.views.forEach((view) => view.leave());
    this.views = [];
  }
}
