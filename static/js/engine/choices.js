// The choices of a select question as they stand now: filtered, in their order, with labels.

import { contextOf } from './evaluate.js';
import { toText } from './values.js';

export class Choices {
  constructor(prepared, env, texts) {
    Object.assign(this, { prepared, env, texts });
    this.closures = new WeakMap();
    this.kept = new WeakMap(); // of lists that nothing filters: made once
  }

  /**
   * @typedef {{value: string, label: string, image?: string, audio?: string, video?: string, row?: object}} Choice
   *   row: all columns of a choice from a data set
   * @param {object} control @param {import('./nodes.js').Node} node the question's node @returns {Choice[]}
   */
  of(control, node) {
    const { choices } = control;
    if (!choices) return [];
    if (choices.items) return choices.items.map((item) => this.choice(item.value, item.label, node));
    if (!isWhole(choices, this.prepared.form)) return this.list(choices, node);
    if (!this.kept.has(choices)) this.kept.set(choices, this.list(choices, node));
    return this.kept.get(choices);
  }

  list(choices, node) {
    return (this.rows(choices, node) ?? []).map((row) => this.fromRow(choices, row, node));
  }

  /** The text with the words left out that the question doesn't offer any more; as it is, if that can't be told. */
  offered(control, node) {
    const rows = this.rows(control.choices, node);
    if (!rows) return node.text;
    const values = new Set(rows.map((row) => this.cell(control.choices, 'value', row, node)));
    if (control.kind === 'select1') return values.has(node.text) ? node.text : '';
    return node.text.split(' ').filter((word) => values.has(word)).join(' ');
  }

  /** The label of a choice, blank if there is none of that value. */
  labelOf(control, node, value) {
    const { choices } = control;
    if (choices?.items) {
      const item = choices.items.find((each) => each.value === value);
      return item ? this.texts.plain(item.label, node) : '';
    }
    const row = choices && this.rows(choices, node)?.find((each) => this.cell(choices, 'value', each, node) === value);
    return row ? this.fromRow(choices, row, node).label : '';
  }

  /** The nodes of the choices; null while their data set isn't there. */
  rows(choices, node) {
    try {
      return this.compiled(choices, 'nodeset', choices.nodeset)(contextOf(node, this.env)).filter((row) => row.relevant);
    } catch {
      return null;
    }
  }

  compiled(choices, part, tree) {
    let made = this.closures.get(choices);
    if (!made) this.closures.set(choices, made = {});
    return made[part] ??= this.prepared.lazy(tree);
  }

  fromRow(choices, row, node) {
    const { label = 'label' } = choices;
    const value = this.cell(choices, 'value', row, node);
    if (!label.itext) return row.row && typeof label === 'string' ? new RowChoice(value, row.row, label) : { value, label: this.cell(choices, 'label', row, node), row: row.row };
    return { ...this.choice(value, this.cell(choices, 'itext', row, node), node), row: row.row };
  }

  /** The text of a choice's value, label or text key: a column, or an expression about the row. */
  cell(choices, part, row, node) {
    const source = part === 'itext' ? choices.label.itext : choices[part] ?? (part === 'value' ? 'name' : 'label');
    if (typeof source !== 'string') return toText(this.compiled(choices, part, source)({ ...contextOf(row, this.env), current: node }));
    return row.row ? row.row[source] ?? '' : row.named(source)[0]?.read ?? '';
  }

  choice(value, key, node) {
    return { value, label: this.texts.plain(key, node), ...this.texts.media(key) };
  }
}

/** A choice from a data set; of a list of 40,000 few labels are ever read. */
class RowChoice {
  constructor(value, row, column) {
    this.value = value;
    this.row = row;
    this.column = column;
  }

  get label() {
    return this.row[this.column] ?? '';
  }
}

/** A data set as it is, without filter or order, in one language: the same for as long as the interview lasts. */
function isWhole({ nodeset, value = 'name', label = 'label' }, { secondary }) {
  const [kind, start, ...steps] = nodeset;
  const source = kind === 'path' && start[1] === 'instance' && start[2]?.[0] === 'str' ? secondary?.[start[2][1]] : null;
  return Boolean(source) && source.src !== 'jr://instance/last-saved' && typeof value === 'string' && typeof label === 'string'
    && steps.every((step) => step.length === 2);
}
