// A live interview: one form, one instance, and all that follows from an answer. No DOM, no network, no storage:
// the caller keeps serialize() after every answer and sends what finish() gives. Start with Interview.open(), which loads
// what the form needs; the constructor is for callers that have awaited loadFamilies().

import { environment } from './evaluate.js';
import { Choices } from './choices.js';
import { Instance } from './instance.js';
import { Recalculation } from './recalculate.js';
import { State } from './state.js';
import { Texts } from './texts.js';
import { Events } from './events.js';
import { zoneOf } from './dates.js';
import { loadFamilies } from './library.js';
import { normalise } from './types.js';
import { prepare } from './form.js';
import { secondaryInstances } from './secondary.js';
import { toBoolean, toNumber } from './values.js';
import { walkBody } from './body.js';
import { writeXml } from './write.js';

const MAX_INSTANCES = 10000; // of one repeat, whatever its count says
const MAX_ROUNDS = 100;
const DECLARATION = "<?xml version='1.0' encoding='UTF-8'?>\n";

export class Interview {
  /**
   * @param {object} form the phone's JSON
   * @param {{instance?: string, properties?: object, now?: number|string|(() => number), tz?: string, language?: string, lastSaved?: string,
   *   random?: () => number, datasets?: Record<string, string|object[]>, onAction?: (kind: string, ref: string) => void}} [options]
   *   instance: a draft to take up again; onAction is told of places and sounds to be recorded in the background
   */
  constructor(form, options = {}) {
    this.form = form;
    this.prepared = prepare(form);
    this.instance = new Instance(this.prepared, options.instance);
    const now = options.now;
    const secondary = secondaryInstances(form, options.datasets, options.lastSaved);
    this.env = environment({
      root: this.instance.document,
      inForm: true,
      zone: zoneOf(options.tz),
      language: options.language ?? form.default_language ?? form.languages?.[0] ?? '',
      instance: (id) => (form.primary_ids?.includes(id) ? this.instance.document : secondary(id)),
      choiceName: (c, value, path) => this.choiceName(c, value, path),
      itext: (key, c) => this.texts.plain(key, c.node),
      version: form.version ?? '',
      properties: options.properties ?? {},
      ...(options.random && { random: options.random, seed: Math.floor(options.random() * 2147483646) + 1 }),
      ...(now !== undefined && { now: typeof now === 'function' ? now : () => new Date(now).getTime() }),
    });
    this.texts = new Texts(this.prepared, this.env);
    this.choices = new Choices(this.prepared, this.env, this.texts);
    this.recalculation = new Recalculation(this.prepared, this.instance, this.env, (node) => this.events.changed(node));
    this.events = new Events(this, options);
    this.counted = new WeakSet(); // parents whose repeats have been counted once
    this.begin(options.instance === undefined);
  }

  /** An interview of a form whose functions may still have to be loaded. @returns {Promise<Interview>} */
  static async open(form, options) {
    await loadFamilies(form, options);
    return new Interview(form, options);
  }

  begin(fresh) {
    if (fresh) this.events.start();
    else this.instance.nodes(this.instance.root.ref).forEach((root) => this.markCounted(root));
    this.recalculation.markAll();
    this.settle();
    this.recalculation.touched.clear();
    this.events.listen();
    this.events.opened(fresh);
    this.settle();
  }

  markCounted(node) {
    this.counted.add(node);
    node.children.forEach((child) => this.markCounted(child));
  }

  /** Give an answer; `value` is the text to store, "" for none. @returns {boolean} whether anything changed */
  answer(ref, value) {
    const node = this.node(ref);
    const { type } = this.prepared.binds.get(node.ref) ?? {};
    const changed = this.recalculation.setValue(node, normalise(String(value ?? ''), type));
    if (changed) this.settle();
    return changed;
  }

  /** Add an instance behind the others; `ref` is the repeat's path, positions on its parents only. @returns {string} its path */
  addRepeat(ref) {
    const { parent, repeat } = this.repeatAt(ref);
    const node = this.grow(repeat, [[parent, 1]]);
    this.settle();
    return this.instance.pathOf(node);
  }

  /** Remove one instance of a repeat, such as /data/roster[2]. */
  removeRepeat(ref) {
    const node = this.node(ref);
    if (!this.prepared.repeats.has(node.ref)) throw new RangeError(`${ref} is not an instance of a repeat.`);
    node.parent.remove(node);
    this.instance.list();
    this.recalculation.moved(node.ref, node.parent);
    this.settle();
  }

  /** Another number than before whenever questions came, went, or got another relevance. */
  get shape() {
    return this.instance.shape;
  }

  setLanguage(language) {
    if (!this.form.languages.includes(language)) throw new RangeError(`The form has no language ${language}.`);
    this.env.language = language;
    this.recalculation.markAll(({ bind, kind }) => bind[kind]?.speaks());
    this.settle();
  }

  /** @returns {State} what a view shows of the node at a path */
  state(ref) {
    return new State(this, this.instance.find(ref) ?? this.emptyRepeat(ref));
  }

  /** How many instances a repeat has; positions on its parents only. */
  count(ref) {
    const { parent, repeat } = this.repeatAt(ref);
    return parent.children.filter((child) => child.ref === repeat).length;
  }

  /** Every question in the order of the form: {ref, control, bind, relevant, groups}, instances of repeats opened. */
  questions() {
    return walkBody(this).questions;
  }

  /** The same as a tree: {ref, control, relevant, children}; a repeat's children are its instances. */
  tree() {
    return walkBody(this).tree;
  }

  /** What keeps the interview from being complete: {ref, kind: required|constraint|type, message}. */
  problems() {
    return this.questions().filter((question) => question.relevant).flatMap(({ ref }) => {
      const state = this.state(ref);
      if (state.missing) return [{ ref, kind: 'required', message: state.requiredMessage }];
      if (!state.ofType) return [{ ref, kind: 'type', message: '' }];
      return state.valid ? [] : [{ ref, kind: 'constraint', message: state.constraintMessage }];
    });
  }

  /** The draft as XML: all nodes, also irrelevant ones. */
  serialize() {
    return writeXml(this.instance.root, this.form.instance_namespaces ?? this.prepared.namespaces);
  }

  /** Stamp the end and the id, and give the XML to send: irrelevant nodes are left out. */
  finish({ instanceId, now } = {}) {
    if (now !== undefined) this.env.now = () => new Date(now).getTime();
    this.events.end(instanceId);
    this.settle();
    return DECLARATION + writeXml(this.instance.root, this.form.instance_namespaces ?? this.prepared.namespaces, (node) => node.relevant);
  }


  // Inside.

  node(ref) {
    const node = this.instance.find(ref);
    if (!node) throw new RangeError(`${ref} is not in this interview.`);
    return node;
  }

  repeatAt(ref) {
    const plain = ref.replace(/\[\d+\]$/, '');
    const cut = plain.lastIndexOf('/');
    const parent = this.node(plain.slice(0, cut));
    const repeat = `${parent.ref}${plain.slice(cut)}`;
    if (!this.instance.templates.has(repeat)) throw new RangeError(`${ref} is not a repeat.`);
    return { parent, repeat };
  }

  /** Stands for a repeat without instances. */
  emptyRepeat(ref) {
    const { parent, repeat } = this.repeatAt(ref);
    const node = this.instance.phantom(parent, repeat);
    const relevant = this.prepared.binds.get(repeat)?.relevant;
    node.relevant = parent.relevant && (!relevant || toBoolean(this.recalculation.evaluate(relevant, node, true), this.env));
    return node;
  }

  /** Recalculate, count repeats and run actions until nothing changes any more. */
  settle() {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      this.recalculation.run();
      const grown = this.countRepeats();
      const acted = this.events.runWaiting();
      const dropped = this.dropUnoffered();
      if (!grown && !acted && !dropped) break;
    }
  }

  /** Clear what select questions no longer offer, where something that their filters read has changed. */
  dropUnoffered() {
    const { touched } = this.recalculation;
    const controls = new Set([...touched].flatMap((ref) => this.prepared.selectsReading(ref)));
    touched.clear();
    let dropped = false;
    for (const control of controls) {
      for (const node of this.instance.nodes(control.ref)) {
        if (node.relevant && node.text) dropped = this.recalculation.setValue(node, this.choices.offered(control, node)) || dropped;
      }
    }
    return dropped;
  }

  /** Bring repeats with a count up to it. Lowering it deletes nothing; only an untouched start is cut to it. */
  countRepeats() {
    let grown = false;
    for (const [ref, { count }] of this.prepared.repeats) {
      if (!count || !this.instance.templates.has(ref)) continue;
      const wants = [], cut = [];
      let left = MAX_INSTANCES - this.instance.nodes(ref).length;
      for (const parent of this.instance.nodes(ref.slice(0, ref.lastIndexOf('/')))) {
        const own = parent.children.filter((child) => child.ref === ref);
        const about = own[0] ?? this.instance.phantom(parent, ref);
        const value = Math.trunc(toNumber(this.recalculation.evaluate(count, about, 0), this.env.zone)) || 0;
        const more = Math.min(value - own.length, left);
        if (more > 0) {
          wants.push([parent, more]);
          left -= more;
        } else if (!this.counted.has(parent) && value < own.length) {
          own.slice(Math.max(0, value)).forEach((extra) => parent.remove(extra));
          cut.push(parent);
        }
      }
      if (cut.length) this.instance.list();
      for (const parent of cut) this.recalculation.moved(ref, parent);
      if (wants.length) this.grow(ref, wants);
      grown ||= wants.length + cut.length > 0;
    }
    this.markCounted(this.instance.root);
    return grown;
  }

  /** Add instances of a repeat: `wants` are pairs of a parent and a number. */
  grow(ref, wants) {
    const fresh = wants.flatMap(([parent, count]) => this.instance.insert(parent, ref, count));
    this.instance.list();
    for (const node of fresh) this.recalculation.arrived(node);
    for (const [parent] of wants) this.recalculation.moved(ref, parent);
    this.recalculation.run();
    for (const node of fresh) this.events.added(ref, node);
    return fresh[0];
  }

  /** jr:choice-name(): the label of a choice of the select question at a path. */
  choiceName(c, value, path) {
    const ref = path.replace(/\[[^\]]*\]/g, '').replace(/\s+/g, '');
    const control = this.prepared.controls.get(ref);
    const [node] = control ? this.instance.near(ref, c.current) : [];
    return node ? this.choices.labelOf(control, node, value) : '';
  }
}
