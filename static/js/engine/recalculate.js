// Recalculation: calculate and relevant expressions in the form's order, only those that a change can reach.
// Say what changed with changed() and moved(), then run(). Other expressions are evaluated when somebody looks.

import { contextOf } from './evaluate.js';
import { stored } from './types.js';
import { toBoolean } from './values.js';

const ALL = 'all';
const MAX_ROUNDS = 200; // a form without cycles settles long before

export class Recalculation {
  /** @param {import('./instance.js').Instance} instance @param {(node: object) => void} onValue told of each node that got another value */
  constructor(prepared, instance, env, onValue) {
    this.prepared = prepared;
    this.instance = instance;
    this.env = env;
    this.onValue = onValue;
    this.dirty = new Array(prepared.steps.length); // where a step is to be done: ALL, or the instances of repeats
    this.from = prepared.steps.length;
    this.touched = new Set(); // refs of nodes that changed, for whoever else reads them; emptied by the reader
    this.own = new WeakMap(); // a node's own relevance
    this.faults = new Map(); // ref to the message of an expression that failed
  }

  /** @param {number} place of a step @param {object|null} scope the instance of a repeat in which it is to be done */
  mark(place, scope = null) {
    const before = this.dirty[place];
    if (!scope || before === ALL) this.dirty[place] = ALL;
    else if (before) before.add(scope);
    else this.dirty[place] = new Set([scope]);
    if (place < this.from) this.from = place;
  }

  markAll(test = () => true) {
    this.prepared.steps.forEach((step, place) => test(step) && this.mark(place));
  }

  /** A node got another value or another relevance. */
  changed(node) {
    this.touched.add(node.ref);
    const places = this.prepared.triggered(node.ref);
    if (!places.length) return;
    const scope = this.repeatAround(node);
    for (const place of places) this.mark(place, scope && this.common(place, scope));
  }

  /** The innermost instance of a repeat that a node is or is in. */
  repeatAround(node) {
    let at = node;
    while (at && !this.prepared.repeats.has(at.ref)) at = at.parent;
    return at;
  }

  /** The innermost instance around `scope` that a step is in too; null if the step reads across instances. */
  common(place, scope) {
    if (this.prepared.isWide(place)) return null;
    let at = scope;
    while (at && !this.prepared.steps[place].ref.startsWith(`${at.ref}/`)) at = this.repeatAround(at.parent);
    return at ?? null;
  }

  /** Instances of a repeat came to or went from a parent: all that is inside, and all that reads it, is looked at again. */
  moved(ref, parent) {
    const inside = `${ref}/`;
    const scope = this.repeatAround(parent);
    const touched = (each) => this.prepared.triggered(each).forEach((place) => this.mark(place, scope && this.common(place, scope)));
    touched(ref);
    for (const each of this.instance.places.keys()) if (each.startsWith(inside)) touched(each);
    this.prepared.steps.forEach((step, place) => (step.ref === ref || step.ref.startsWith(inside)) && this.mark(place, scope));
  }

  run() {
    const { steps } = this.prepared;
    let left = steps.length * MAX_ROUNDS;
    while (this.from < steps.length && left-- > 0) {
      const place = this.from++;
      const scopes = this.dirty[place];
      if (!scopes) continue;
      this.dirty[place] = undefined;
      const { ref, kind, bind } = steps[place];
      const nodes = scopes === ALL ? this.instance.nodes(ref) : [...scopes].flatMap((scope) => this.instance.under(scope, ref));
      for (const node of nodes) {
        if (kind === 'calculate') this.calculate(node, bind);
        else this.relate(node, bind);
      }
    }
  }

  evaluate(expression, node, otherwise) {
    try {
      const value = expression(contextOf(node, this.env));
      if (this.faults.size) this.faults.delete(node.ref);
      return value;
    } catch (problem) {
      this.faults.set(node.ref, problem.message);
      return otherwise;
    }
  }

  calculate(node, bind) {
    this.setValue(node, stored(this.evaluate(bind.calculate, node, ''), bind.type, this.env.zone));
  }

  /** @returns {boolean} whether that is another value than before */
  setValue(node, text) {
    if (node.text === text || node.children.length) return false;
    node.text = text;
    this.changed(node);
    this.onValue(node);
    return true;
  }

  relate(node, bind) {
    this.own.set(node, toBoolean(this.evaluate(bind.relevant, node, true), this.env));
    this.spread(node);
  }

  /** A node is new: it has the relevance of its place, and whoever reads its refs hears of it. */
  arrived(node) {
    this.spread(node);
    const touch = (each) => {
      this.touched.add(each.ref);
      each.children.forEach(touch);
    };
    touch(node);
  }

  /** A node is relevant if its own expression and all above it say so. */
  spread(node) {
    const relevant = (this.own.get(node) ?? true) && node.parent.relevant;
    if (node.relevant === relevant) return;
    node.relevant = relevant;
    this.instance.shape++;
    this.changed(node);
    for (const child of node.children) this.spread(child);
  }
}
