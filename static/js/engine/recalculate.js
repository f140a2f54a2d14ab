// Recalculation: calculate and relevant expressions in the form's order, only those that a change can reach.
// Say what changed with changed() and moved(), then run(). Other expressions are evaluated when somebody looks.

import { contextOf } from './evaluate.js';
import { stored } from './types.js';
import { toBoolean } from './values.js';

const MAX_ROUNDS = 200; // a form without cycles settles long before

export class Recalculation {
  /** @param {import('./instance.js').Instance} instance @param {(node: object) => void} onValue told of each node that got another value */
  constructor(prepared, instance, env, onValue) {
    this.prepared = prepared;
    this.instance = instance;
    this.env = env;
    this.onValue = onValue;
    this.dirty = new Uint8Array(prepared.steps.length);
    this.from = prepared.steps.length;
    this.own = new WeakMap(); // a node's own relevance
    this.faults = new Map(); // ref to the message of an expression that failed
  }

  mark(place) {
    this.dirty[place] = 1;
    if (place < this.from) this.from = place;
  }

  markAll(test = () => true) {
    this.prepared.steps.forEach((step, place) => test(step) && this.mark(place));
  }

  /** A node got another value or another relevance. */
  changed(ref) {
    for (const place of this.prepared.triggered(ref)) this.mark(place);
  }

  /** Instances of a repeat came or went: all that is inside, and all that reads it, is looked at again. */
  moved(ref) {
    const inside = `${ref}/`;
    this.changed(ref);
    for (const each of this.instance.places.keys()) if (each.startsWith(inside)) this.changed(each);
    this.markAll((step) => step.ref === ref || step.ref.startsWith(inside));
  }

  run() {
    const { steps } = this.prepared;
    let left = steps.length * MAX_ROUNDS;
    while (this.from < steps.length && left-- > 0) {
      const place = this.from++;
      if (!this.dirty[place]) continue;
      this.dirty[place] = 0;
      const { ref, kind, bind } = steps[place];
      if (kind === 'calculate') for (const node of this.instance.nodes(ref)) this.calculate(node, bind);
      else if (kind === 'relevant') for (const node of this.instance.nodes(ref)) this.relate(node, bind);
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
    this.changed(node.ref);
    this.onValue(node);
    return true;
  }

  relate(node, bind) {
    this.own.set(node, toBoolean(this.evaluate(bind.relevant, node, true)));
    this.spread(node);
  }

  /** A node is relevant if its own expression and all above it say so. */
  spread(node) {
    const relevant = (this.own.get(node) ?? true) && node.parent.relevant;
    if (node.relevant === relevant) return;
    node.relevant = relevant;
    this.changed(node.ref);
    for (const child of node.children) this.spread(child);
  }
}
