// Lists of nodes, repeats, choices and other instances.

import { ELEMENT, INSTRUCTION } from '../nodes.js';
import { needNodes } from '../paths.js';
import { rowsWhere } from '../lookup.js';
import { toNumber, toText } from '../values.js';

const words = (value) => toText(value).split(/[ \t\r\n]+/).filter(Boolean);

/** The place of a node among its siblings of the same name, from 1. */
export function placeOf(node) {
  if (!node.parent || node.kind > INSTRUCTION) return 1;
  const siblings = node.kind === ELEMENT ? node.parent.named(node.name).filter((each) => each.prefix === node.prefix)
    : node.parent.childNodes.filter((each) => each.kind === node.kind && each.name === node.name);
  return siblings.indexOf(node) + 1;
}

/** position() in a predicate; position(node): the number of a repeat's instance. */
function position(trees, compile) {
  if (!trees.length) return (c) => c.position;
  const nodes = compile(trees[0]);
  return (c) => {
    const [node] = needNodes(nodes(c));
    return node ? placeOf(node) : NaN;
  };
}

/** indexed-repeat(node, repeat, i, ...): the node in the i-th instance of the repeat, near the context otherwise. */
function indexedRepeat(trees, compile) {
  if (trees.length % 2 === 0) throw new TypeError('indexed-repeat() takes a question and pairs of repeat and number.');
  const [target, ...pairs] = trees.map(compile);
  return (c) => {
    const top = c.env.root ?? c.node.top;
    const unbound = { ...c, node: top, current: top };
    const [sample] = [...needNodes(target(c)), ...needNodes(target(unbound))];
    let nodes = sample ? allLike(sample) : [];
    for (let i = 0; i < pairs.length; i += 2) {
      const [repeat] = needNodes([...pairs[i](c), ...pairs[i](unbound)]);
      const wanted = Math.trunc(toNumber(pairs[i + 1](c), c.env.zone));
      nodes = nodes.filter((node) => {
        const above = repeat && ancestorLike(node, pathOf(repeat));
        return above && placeOf(above) === wanted;
      });
    }
    return nodes.length > 1 ? nearest(nodes, c.node) : nodes;
  };
}

const pathOf = (node) => (node.parent ? `${pathOf(node.parent)}/${node.name}` : '');
const allLike = (node) => (node.parent ? allLike(node.parent).flatMap((above) => above.named(node.name)) : [node]);

function ancestorLike(node, path) {
  let at = node;
  while (at && pathOf(at) !== path) at = at.parent;
  return at;
}

/** Those that share the most ancestors with the context. */
function nearest(nodes, context) {
  const above = new Set();
  for (let at = context; at; at = at.parent) above.add(at);
  const shared = nodes.map((node) => {
    let count = 0;
    for (let at = node; at; at = at.parent) if (above.has(at)) count++;
    return count;
  });
  const most = Math.max(...shared);
  return nodes.filter((_, i) => shared[i] === most);
}

/** pulldata(instance, column, key column, key) is short for instance(...)/root/item[key column = key]/column. */
function pulldata(c, id, column, key, value) {
  instance(c, toText(id));
  const [row] = rowsWhere(c, toText(id), ['root', 'item'], toText(key), toText(value));
  return row?.named(toText(column))[0]?.value ?? '';
}

const selected = (c, value, choice) => ` ${toText(value)} `.includes(` ${toText(choice).trim()} `);
const selectedAt = (list, at) => (at >= 0 ? list[Math.trunc(at)] ?? '' : '');

function instance(c, id) {
  const root = c.env.instance(id);
  if (!root) throw new RangeError(`There is no instance ${id}.`);
  return root;
}

export const LISTS = {
  position: [0, 1, position, 'trees'],
  current: [0, 0, (c) => [c.current]],
  instance: [1, 1, (c, id) => [instance(c, toText(id))]],
  'indexed-repeat': [3, 999, indexedRepeat, 'trees'],
  pulldata: [4, 4, pulldata],
  'count-non-empty': [1, 1, (c, nodes) => needNodes(nodes).filter((node) => node.read !== '').length],
  id: [1, 1, (c, value) => {
    const ids = new Set(typeof value === 'object' ? value.flatMap((node) => words(node.read)) : words(value));
    const found = [];
    const visit = (node) => {
      if (ids.has(node.attribute('id'))) found.push(node);
      node.children.forEach(visit);
    };
    visit(c.node.top);
    return found;
  }],
  selected: [2, 2, selected],
  'is-selected': [2, 2, selected],
  'selected-at': [2, 2, (c, value, at) => selectedAt(words(value), toNumber(at, c.env.zone))],
  'count-selected': [1, 1, (c, value) => words(value).length],
  'jr:choice-name': [2, 2, (c, value, path) => c.env.choiceName(c, toText(value), toText(path).trim())],
  'jr:itext': [1, 1, (c, id) => c.env.itext(toText(id), c)],
};
