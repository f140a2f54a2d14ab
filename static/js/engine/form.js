// A form as the phone receives it, made ready once: expressions compiled at first use, controls and binds by path.
// Interviews of the same form share it.

import { compile } from './evaluate.js';

const ready = new WeakMap();

/** @param {object} form the phone's JSON @returns {Prepared} */
export function prepare(form) {
  if (!ready.has(form)) ready.set(form, new Prepared(form));
  return ready.get(form);
}

const RULES = ['relevant', 'required', 'readonly', 'constraint', 'calculate'];
const LANGUAGE_BOUND = /"(jr:choice-name|jr:itext|format-date|format-date-time)"/;

class Prepared {
  constructor(form) {
    this.form = form;
    this.namespaces = form.namespaces ?? {};
    this.scope = { ns: this.namespaces, inForm: true };
    this.binds = new Map();
    this.controls = new Map();
    this.groups = new Map();
    this.repeats = new Map(); // ref to its control
    for (const bind of form.binds) this.binds.set(bind.ref, this.bind(bind));
    this.steps = (form.order ?? []).map(([index, kind]) => ({ ref: form.binds[index].ref, kind, bind: this.binds.get(form.binds[index].ref) }));
    this.actions = (form.actions ?? []).map((action) => this.action(action));
    this.wide = new Set(form.wide ?? []);
    this.visit(form.body ?? []);
  }

  /** A closure that compiles its tree when first called. */
  lazy(tree) {
    let run = null;
    const lazily = (c) => (run ??= compile(tree, this.scope))(c);
    lazily.speaks = () => LANGUAGE_BOUND.test(JSON.stringify(tree));
    return lazily;
  }

  action(action) {
    const { event, value, target } = action;
    return { ...action, events: event.split(/\s+/), value: value && this.lazy(value), target: target && this.lazy(target) };
  }

  bind(bind) {
    const made = { ...bind, type: bind.type ?? 'string' };
    for (const rule of RULES) if (bind[rule] !== undefined) made[rule] = this.lazy(bind[rule]);
    return made;
  }

  visit(controls) {
    for (const control of controls) {
      if (control.kind === 'repeat') {
        this.repeats.set(control.ref, { ...control, count: control.count && this.lazy(control.count) });
        this.groups.set(control.ref, control);
      } else if (control.kind === 'group') {
        if (!this.groups.has(control.ref)) this.groups.set(control.ref, control);
      } else if (!this.controls.has(control.ref)) this.controls.set(control.ref, control);
      this.visit(control.children ?? []);
    }
  }

  /** The select questions whose choices may change when the node at `ref` changes. */
  selectsReading(ref) {
    return (this.form.choice_triggers?.[ref] ?? []).map((select) => this.controls.get(select));
  }

  /** Whether a step reads across the instances of a repeat. */
  isWide(place) {
    return this.wide.has(place);
  }

  /** What may change when the node at `ref` changes, as places in the order. */
  triggered(ref) {
    return this.form.triggers?.[ref] ?? [];
  }
}
