// The choices of a select question as they stand now: filtered, shuffled if the form wants it, with labels.

import { contextOf } from './evaluate.js';
import { chance, shuffle } from './random.js';

export class Choices {
  constructor(prepared, env, texts) {
    Object.assign(this, { prepared, env, texts });
    this.filters = new WeakMap();
    this.orders = new WeakMap(); // a node's shuffled order when no seed fixes it
  }

  /**
   * @typedef {{value: string, label: string, image?: string, audio?: string, video?: string, row?: object}} Choice
   * @param {object} control @param {import('./nodes.js').Node} node the question's node @returns {Choice[]}
   */
  of(control, node) {
    const { choices } = control;
    if (!choices) return [];
    if (choices.items) return this.ordered(choices, node, choices.items.map((item) => this.choice(item.value, item.label, node)));
    const column = choices.value ?? 'name';
    return this.ordered(choices, node, this.rows(choices, node)).map((row) => this.fromRow(row, column, choices.label, node));
  }

  /** The label of a choice, blank if there is none of that value. */
  labelOf(control, node, value) {
    const { choices } = control;
    if (choices?.items) {
      const item = choices.items.find((each) => each.value === value);
      return item ? this.texts.plain(item.label, node) : '';
    }
    const column = choices?.value ?? 'name';
    const row = choices && this.rows(choices, node).find((each) => cell(each, column) === value);
    return row ? this.fromRow(row, column, choices.label, node).label : '';
  }

  rows(choices, node) {
    return this.compiled(choices, 'nodeset')(contextOf(node, this.env));
  }

  compiled(choices, part) {
    let made = this.filters.get(choices);
    if (!made) this.filters.set(choices, made = {});
    return made[part] ??= this.prepared.lazy(choices[part]);
  }

  ordered(choices, node, list) {
    if (!choices.randomize) return list;
    if (choices.seed) {
      const seed = this.compiled(choices, 'seed')(contextOf(node, this.env));
      return shuffle(list, chance(seed));
    }
    if (!this.orders.has(node)) this.orders.set(node, Math.floor(this.env.random() * 2147483646) + 1);
    return shuffle(list, chance(this.orders.get(node)));
  }

  fromRow(row, column, label, node) {
    if (label?.itext) return { ...this.choice(cell(row, column), cell(row, label.itext), node), row: row.row };
    return { value: cell(row, column), label: cell(row, label ?? 'label'), row: row.row };
  }

  choice(value, key, node) {
    return { value, label: this.texts.plain(key, node), ...this.texts.media(key) };
  }
}

const cell = (row, column) => (row.row ? row.row[column] ?? '' : row.named(column)[0]?.value ?? '');
