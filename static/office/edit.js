/**
 * An interview edited in the office: the phone's engine and its questions, all on one page, pre-filled. What is saved is
 * the document as the engine writes it; the server makes a new version of it and checks everything again. Files and places
 * that may not be seen are kept as they are.
 */
import { Interview } from '../js/engine/interview.js';
import { writeXml } from '../js/engine/write.js';
import { fill, h } from '../js/h.js';
import { pagesOf } from '../js/pages.js';
import { languageCode, setLanguage } from '../js/texts.js';
import { questionView } from '../js/views/question.js';

const DECLARATION = "<?xml version='1.0' encoding='UTF-8'?>\n";
const place = document.getElementById('form');
const save = document.getElementById('save');
const words = JSON.parse(place.dataset.texts);

class Editor {
  constructor(told, interview) {
    Object.assign(this, { told, interview, form: told.form, views: new Map(), shape: null, left: false });
    this.binds = new Map(told.form.binds.map((bind) => [bind.ref, bind]));
    this.hidden = new Set(told.hidden);
    this.flagged = new Set(told.issues);
    this.before = new Map(interview.questions().map(({ ref }) => [ref, interview.state(ref).value]));
    this.filling = { interview, form: told.form, draft: { id: 'office' }, save: () => Promise.resolve(null) };
    this.body = h('div.edit-questions');
    fill(place, this.body);
  }

  draw() {
    if (this.shape !== this.interview.shape) this.lay();
    for (const view of this.views.values()) view.redraw();
    this.tell();
  }

  /** Lay out the questions again: some came or went. Those that stay keep their controls. */
  lay() {
    this.shape = this.interview.shape;
    const kept = this.views;
    this.views = new Map();
    const parts = [];
    let section = '';
    for (const page of pagesOf(this.interview, this.binds, { whole: true })) {
      if (page.kind === 'end') continue;
      if (page.section !== section) parts.push(h('h2.edit-section', {}, h('bdi', {}, page.section)));
      section = page.section;
      if (page.heading) parts.push(h('p.lead', {}, h('bdi', {}, page.heading)));
      if (page.kind === 'repeat') parts.push(this.repeat(page.repeat));
      for (const question of page.questions) {
        const view = kept.get(question.ref) ?? this.view(question);
        this.views.set(question.ref, view);
        parts.push(view.element);
      }
    }
    for (const [ref, view] of kept) if (!this.views.has(ref)) view.leave();
    const focused = document.activeElement;
    this.body.replaceChildren(...parts);
    if (focused !== document.activeElement && this.body.contains(focused)) focused.focus({ preventScroll: true });
  }

  view(question) {
    const { ref, control } = question;
    const kept = control.kind === 'upload' ? 'kept' : this.hidden.has(control.ref) ? 'hidden' : null;
    const view = kept ? this.fixed(question, kept) : questionView(plain(question), this.filling, { level: 2, answer: (at, value) => this.answer(at, value) });
    if (this.flagged.has(ref)) view.element.prepend(h('p.flag', {}, words.flagged));
    view.mark = h('p.was', { hidden: true });
    view.element.append(view.mark);
    return view;
  }

  /** A question whose answer stays as it is. */
  fixed({ ref, control }, why) {
    const { interview } = this;
    const value = interview.state(ref).value;
    const label = control.label ? interview.texts.plain(control.label, interview.instance.find(ref)) : ref;
    const element = h('section.question', { 'data-ref': ref }, h('h2.statement', {}, h('bdi', {}, label)),
      h('p.shown', {}, why === 'hidden' ? words.hidden : value ? `${words.kept}: ${value}` : words.blank));
    return { element, ref, redraw() {}, check: () => true, leave() {} };
  }

  repeat({ ref, count, label }) {
    const remove = (number) => h('button.plain', { type: 'button', onclick: () => this.change(() => this.interview.removeRepeat(`${ref}[${number}]`)) }, `${words.remove} ${label} ${number}`);
    return h('div.edit-repeat', {},
      h('button.plain', { type: 'button', onclick: () => this.change(() => this.interview.addRepeat(ref)) }, `${words.add} ${label}`),
      ...Array.from({ length: count }, (_, index) => remove(index + 1)));
  }

  change(act) {
    for (const view of this.views.values()) view.leave();
    act();
    this.views = new Map(); // positions have moved: every path names another question now
    this.moved = true;
    this.draw();
  }

  answer(ref, value) {
    this.interview.answer(ref, value);
    this.draw();
  }

  /** How many answers differ from those that came, each marked with what it was. */
  tell() {
    let changed = 0;
    for (const { ref, relevant } of this.interview.questions()) {
      const before = this.before.get(ref) ?? '';
      const differs = (relevant ? this.interview.state(ref).value : '') !== before;
      const mark = this.views.get(ref)?.mark;
      changed += differs ? 1 : 0;
      if (!mark) continue;
      mark.hidden = !differs;
      if (differs) mark.textContent = `${words.was}: ${this.said(ref, before) || words.blank}`;
    }
    const problems = this.interview.problems().length;
    const said = changed || this.moved ? `${words.changed}: ${changed}` : words.none;
    document.getElementById('said').textContent = problems ? `${said} · ${words.problems}: ${problems}` : said;
    save.querySelector('button').disabled = !changed && !this.moved;
    this.changed = changed > 0 || this.moved;
  }

  /** An answer in the words of its choices. */
  said(ref, value) {
    const { choices = [] } = this.interview.state(ref);
    const known = new Map(value && choices.length ? choices.map((choice) => [choice.value, choice.label]) : []);
    return known.size ? value.split(' ').map((each) => known.get(each) ?? each).join('; ') : value;
  }

  document() {
    const { form, interview } = this;
    return DECLARATION + writeXml(interview.instance.root, form.instance_namespaces ?? interview.prepared.namespaces, (node) => node.relevant);
  }
}

/** What needs the phone's own files or camera, as something that doesn't: a picture's places as a list, a code as text. */
function plain(question) {
  const { control, bind } = question;
  if (bind.type === 'barcode') return { ...question, bind: { ...bind, type: 'string' } };
  const looks = control.appearance ?? [];
  if (!looks.includes('image-map')) return question;
  return { ...question, control: { ...control, appearance: looks.filter((look) => look !== 'image-map') } };
}

/** Labels in words alone: their pictures and sounds are files of the phone. */
function withoutMedia(form) {
  for (const forms of Object.values(form.texts ?? {}).flatMap((languages) => Object.values(languages))) {
    for (const kind of ['image', 'big-image', 'audio', 'video']) delete forms[kind];
  }
  return form;
}

async function begin() {
  const title = document.title;
  setLanguage(place.dataset.language);
  document.title = title;
  const answer = await fetch(place.dataset.source, { headers: { Accept: 'application/json' } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  const told = await answer.json();
  const form = withoutMedia(told.form);
  const language = form.languages.find((name) => languageCode(name) === place.dataset.language) ?? form.default_language;
  const interview = await Interview.open(form, { instance: told.instance, datasets: told.datasets, now: told.now, language });
  const editor = new Editor(told, interview);
  editor.draw();
  save.addEventListener('submit', () => {
    save.elements.xml.value = editor.document();
    editor.left = true;
  });
  addEventListener('beforeunload', (event) => { if (editor.changed && !editor.left) event.preventDefault(); });
}

begin().catch((error) => {
  fill(place, h('p.alert', { role: 'alert' }, `${words.failed} (${error.message})`));
});
