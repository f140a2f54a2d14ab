/**
 * An interview while it is being filled in: the engine's interview, its pages, where we are, and the draft that keeps it.
 * The view asks and draws; this decides and stores.
 */
import { findForm } from './catalogue.js';
import { claimDraft, findDraft, Keeper, newDraft } from './drafts.js';
import { Interview } from './engine/interview.js';
import { askOnce } from './install.js';
import { aboutHowMany, indexOfPage, pagesOf } from './pages.js';
import { get } from './store.js';
import { language, languageCode } from './texts.js';
import { reveal } from './vault.js';

/** The form that was opened last, with its data sets read: the next interview of it opens at once. */
const opened = { hash: null, stored: null };
const NAMED = /[\p{L}\d]{3}/u;

/**
 * Open `new:FORM` or a draft's id; `random` draws for a case that was drawn before. Throws CantOpen with the key of the text
 * that says why.
 */
export async function openFilling(argument, { random } = {}) {
  const draft = argument.startsWith('new:') ? await beginDraft(argument.slice(4)) : await findDraft(argument);
  if (!draft) throw new CantOpen('gone');
  const stored = await storedForm(draft.hash);
  if (!stored) throw new CantOpen('formMissing');
  const device = await get('meta', 'device');
  const acts = { waiting: [], tell: (action) => acts.waiting.push(action) };
  try {
    const interview = await Interview.open(stored.form, {
      instance: draft.xml ?? undefined, datasets: await filesFor(draft, stored.files), random, language: formLanguage(stored.form, draft.language),
      lastSaved: (await carriedOf(draft.form)) ?? undefined,
      properties: { deviceid: device?.id ?? '', username: device?.interviewer ?? '' },
      onAction: (kind, ref) => acts.tell({ kind, ref }),
    });
    const filling = new Filling(stored.form, draft, interview, { demo: device?.programme?.demo ?? false, files: stored.files });
    if (asksForPlaces(stored.form)) await (await import('./rooms/maps/rules.js')).holdToRules(filling);
    filling.begin();
    if (draft.linked || draft.form === 'ssr_checkin' || random) {
      filling.companions.push((await import('./rooms/field/linked.js')).companion(filling));
    }
    acts.tell = (action) => (filling.onActed ? filling.onActed(action) : filling.acted.push(action));
    acts.waiting.forEach(acts.tell);
    return filling;
  } catch (error) {
    throw error instanceof CantOpen ? error : new CantOpen('formBroken', { cause: error });
  }
}

function asksForPlaces({ binds }) {
  return binds.some(({ type, parameters }) => type?.startsWith('geo') || parameters?.['location-priority']);
}

/** The form's files, without sites where the office has stopped work: nothing begins there; a draft keeps its own. */
async function filesFor(draft, files) {
  if (!(await get('meta', 'catalogue'))?.stops) return files;
  const allowed = await (await import('./rooms/field/stopped.js')).withoutStopped(draft.form, files, draft.site);
  if (!allowed && draft.xml === null) throw new CantOpen('stopHere');
  return allowed ?? files;
}

/** Open a draft that was taken over from another tab: as that tab left it, and from now on written by this one. */
export async function retake(id) {
  await claimDraft(id);
  return openFilling(id);
}

/** An interview can't be opened; `key` names the text to show. */
export class CantOpen extends Error {
  constructor(key, options) {
    super(key, options);
    this.key = key;
  }
}

export class Filling {
  constructor(form, draft, interview, { demo, files }) {
    this.form = form;
    this.files = files;
    this.acted = []; // what the form wants done by itself, until somebody listens: `onActed({ kind, ref })`
    this.onActed = null;
    this.companions = []; // what runs beside the interview: { heard?(event, ref), finishing?() }
    this.rules = null; // where it may ask for places: { mayFollow, withholds(ref), look() }
    this.named = { code: '', label: draft.site };
    this.whole = false;
    this.demo = demo;
    this.interview = interview;
    this.binds = new Map(form.binds.map((bind) => [bind.ref, bind]));
    this.nameRef = form.binds.find(({ ref }) => ref.endsWith('/meta/instanceName'))?.ref ?? null;
    this.touched = draft.xml !== null;
    this.keeper = new Keeper(draft, () => this.#snapshot());
  }

  /** Lay out the pages and go to where the draft was left; call once. */
  begin() {
    this.#layOut();
    this.index = indexOfPage(this.pages, this.draft.place ?? this.pages[0].key);
  }

  get draft() {
    return this.keeper.draft;
  }

  get total() {
    return aboutHowMany(this.pages, this.index, { whole: this.whole });
  }

  get page() {
    return this.pages[this.index];
  }

  /** An answer was given: recalculate and see which pages there are now. */
  answer(ref, value) {
    this.touched = true;
    this.interview.answer(ref, value);
    if (this.rules?.look()) this.shape = null;
    this.#repaginate();
  }

  addRepeat(ref) {
    this.touched = true;
    this.interview.addRepeat(ref);
    this.tell('add repeat', ref);
    this.#repaginate();
  }

  removeRepeat(ref) {
    this.interview.removeRepeat(ref);
    this.tell('delete repeat', ref);
    this.#repaginate();
  }

  move(by) {
    this.index = Math.min(Math.max(this.index + by, 0), this.pages.length - 1);
    this.tell('page');
  }

  moveTo(key) {
    this.index = indexOfPage(this.pages, key, this.index);
    this.tell('jump');
    this.tell('page');
  }

  /** Tell what runs beside the interview that something happened in it. */
  tell(event, ref = '') {
    for (const companion of this.companions) companion.heard?.(event, ref);
  }

  /** Everything up to now is on disk when this resolves; a form that was only looked at leaves nothing. */
  save() {
    if (!this.touched) return Promise.resolve(null);
    askOnce();
    return this.keeper.save();
  }

  /** The form's own name of the language closest to the app's. */
  setLanguage(name = this.#nearest()) {
    this.languageName = name;
    this.interview.setLanguage(name);
    this.keeper.draft = { ...this.keeper.draft, language: languageCode(name) };
    this.#repaginate();
  }

  /** Whether the texts of the interview's language are still on their way (rooms/sync/languages.js). */
  get isLanguageComing() {
    return Boolean(this.form.others?.some(({ language: name }) => name === this.languageName));
  }

  /** The texts of the other languages, if they have come. */
  async takeTexts() {
    const stored = this.form.others && (await get('forms', this.draft.hash));
    if (stored && !stored.form.others) Object.assign(this.form, { texts: stored.form.texts, others: undefined });
  }

  /** The app's language as the form names it; a language that only the form speaks stays. */
  #nearest() {
    const { language: spoken } = this.draft;
    return formLanguage(this.form, ['es', 'en'].includes(spoken) || !spoken ? language() : spoken);
  }

  /** What stands between this interview and the outbox: [{ ref, kind, message, label }]. */
  problems() {
    const asked = new Map(this.pages.flatMap(({ questions }) => questions).map((question) => [question.ref, question]));
    return this.interview.problems()
      .filter(({ ref }) => asked.has(ref))
      .map((problem) => ({ ...problem, label: this.interview.state(problem.ref).label }));
  }

  /** Into the outbox with it; the draft is gone when this resolves. */
  async finish() {
    try {
      return await this.#finish();
    } catch (error) {
      this.tell('finalize error');
      throw error;
    }
  }

  async #finish() {
    for (const companion of this.companions) await companion.finishing?.();
    await this.keeper.save();
    const xml = this.interview.finish({ instanceId: this.draft.id, now: new Date() });
    const { finish } = await import('./finishing.js');
    return finish(this.draft, this.form, xml);
  }

  /** Questions one by one, or a section's together. */
  setWhole(whole) {
    if (whole === this.whole) return;
    this.whole = whole;
    this.shape = null;
    this.#repaginate();
  }

  /** Lay out the pages again, if any question came or went. */
  #repaginate() {
    const { shape } = this.interview;
    if (shape !== undefined && shape === this.shape) return;
    const { key } = this.page;
    this.#layOut();
    this.index = indexOfPage(this.pages, key, this.index);
  }

  #layOut() {
    this.shape = this.interview.shape;
    this.pages = pagesOf(this.interview, this.binds, { whole: this.whole, withholds: (ref) => this.rules?.withholds(ref) });
  }

  /** The site as a list names it; its words are looked up only when it is another. */
  #site() {
    const { interview, form, named } = this;
    const node = form.parts?.site ? interview.instance.nodes(form.parts.site)[0] : null;
    if (node && node.text !== named.code) {
      const control = interview.prepared.controls.get(node.ref);
      this.named = { code: node.text, label: (control?.choices && node.text && interview.choices.labelOf(control, node, node.text)) || node.text };
    }
    return this.named.label;
  }

  /** Pages that have an answer, and those that only told something on the way here. */
  #done() {
    const answered = ({ node }) => node.relevant && node.text !== '';
    const onlyTells = ({ questions }) => questions.every(({ bind }) => bind.readonly);
    return this.pages.filter((page, place) => page.questions.some(answered) || (place < this.index && onlyTells(page))).length;
  }

  #snapshot() {
    const name = this.nameRef ? this.interview.state(this.nameRef).value.trim() : '';
    return {
      xml: this.interview.serialize(), place: this.page.key, label: NAMED.test(name) ? name : '', site: this.#site(),
      done: this.#done(), total: this.total,
    };
  }
}

/** What the next interview of a form starts from. */
async function carriedOf(form) {
  const stored = await get('carried', form);
  return typeof stored === 'string' ? stored : reveal(stored, `carried:${form}`);
}

async function storedForm(hash) {
  if (opened.hash !== hash) Object.assign(opened, { hash, stored: await findForm(hash) });
  if (!opened.stored) opened.hash = null;
  return opened.stored;
}

async function beginDraft(formId) {
  const entry = (await get('meta', 'catalogue'))?.forms.find(({ id }) => id === formId);
  return entry ? newDraft(entry, language()) : null;
}

/** "es" -> "Español (es)": the form's name for a language, its default when it hasn't got it. */
export function formLanguage(form, code) {
  return form.languages.find((name) => languageCode(name) === code || name === code) ?? form.default_language;
}
