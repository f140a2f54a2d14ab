// What a view needs to know of one node now. Everything is worked out when it is asked for, and only then.

import { contextOf } from './evaluate.js';
import { isOfType } from './types.js';
import { toBoolean } from './values.js';

export class State {
  /** @param {import('./interview.js').Interview} interview @param {import('./nodes.js').Node} node */
  constructor(interview, node) {
    this.interview = interview;
    this.node = node;
    this.ref = interview.instance.pathOf(node);
    this.bind = interview.prepared.binds.get(node.ref) ?? {};
    this.control = interview.prepared.controls.get(node.ref) ?? interview.prepared.groups.get(node.ref) ?? null;
  }

  /** The stored text; blank while the node isn't relevant. */
  get value() {
    return this.node.relevant && !this.node.children.length ? this.node.text : '';
  }

  get relevant() {
    return this.node.relevant;
  }

  get required() {
    return this.rule('required', false);
  }

  get readonly() {
    for (let at = this.node; at.parent; at = at.parent) {
      const bind = this.interview.prepared.binds.get(at.ref);
      if (bind?.readonly && this.test(bind.readonly, at, false)) return true;
    }
    return false;
  }

  /** Whether somebody may answer: neither readonly nor calculated. */
  get editable() {
    return !this.bind.calculate && !this.readonly;
  }

  /** Whether the value is of its type and keeps the constraint; blanks and irrelevant nodes do. */
  get valid() {
    return this.ofType && (this.value === '' || this.rule('constraint', true));
  }

  get ofType() {
    return isOfType(this.value, this.bind.type);
  }

  /** Required, relevant, and blank. */
  get missing() {
    return this.node.relevant && this.value === '' && this.required;
  }

  get label() {
    return this.text(this.control?.label);
  }

  get hint() {
    return this.text(this.control?.hint);
  }

  get guidance() {
    return this.interview.texts.plain(this.control?.hint, this.node, 'guidance');
  }

  /** {image, audio, video, 'big-image'} file names of the label. */
  get media() {
    return this.interview.texts.media(this.control?.label);
  }

  get constraintMessage() {
    return this.text(this.bind.constraint_message);
  }

  get requiredMessage() {
    return this.text(this.bind.required_message);
  }

  /** @returns {import('./choices.js').Choice[]} */
  get choices() {
    return this.control ? this.interview.choices.of(this.control, this.node) : [];
  }

  /** How many instances a repeat has, beside this one. */
  get count() {
    return this.node.parent.named(this.node.name).filter((each) => each.ref === this.node.ref).length;
  }

  text(key) {
    return this.interview.texts.plain(key, this.node);
  }

  rule(name, otherwise) {
    return this.bind[name] ? this.test(this.bind[name], this.node, otherwise) : otherwise;
  }

  test(expression, node, otherwise) {
    try {
      return toBoolean(expression(contextOf(node, this.interview.env)), this.interview.env);
    } catch (problem) {
      this.interview.recalculation.faults.set(node.ref, problem.message);
      return otherwise;
    }
  }
}
