// Lists of nodes, repeats, choices and other instances.

import { chance, shuffle } from '../random.js';
import { compilePath, needNodes } from '../paths.js';
import { rowsWhere } from '../lookup.js';
import { toNumber, toText } from '../values.js';

const words = (value) => toText(value).split(/[ \t\r\n]+/).filter(Boolean);

/** The place of a node among its siblings of the same name. */
export const placeOf = (node) => (node.parent ? node.parent.named(node.name).indexOf(node) + 1 : 1);

/** position() in a predicate; position(node) of an instance of a repeat, also of one that isn't relevant. */
function position(trees, compile, ns) {
  if (!trees.length) return (c) => c.position;
  const nodes = trees[0][0] === 'path' ? compilePath(trees[0], compile, ns, true) : compile(trees[0]);
  return (c) => {
    const [node] = needNodes(nodes(c));
    return node ? placeOf(node) : NaN;
  };
}

/** indexed-repeat(node, repeat, i, ...): the node in the i-th instance of the repeat, near the context otherwise. */
function indexedRepeat(trees, compile, ns) {
  const [target, ...pairs] = trees.map((tree) => (tree[0] === 'path' ? compilePath(tree, compile, ns, true) : compile(tree)));
  return (c) => {
    const unbound = { ...c, current: c.env.root ?? c.current };
    const [sample] = [...needNodes(target(c)), ...needNodes(target(unbound))];
    let nodes = sample ? allLike(sample) : [];
    for (let i = 0; i < pairs.length; i += 2) {
      const [repeat] = needNodes(pairs[i](unbound));
      const wanted = toNumber(pairs[i + 1](c), c.env.zone);
      nodes = nodes.filter((node) => {
        const above = repeat && ancestorLike(node, pathOf(repeat));
        return above && placeOf(above) === wanted;
      });
    }
    nodes = nodes.length > 1 ? nearest(nodes, c.node) : nodes;
    return nodes.filter((node) => node.relevant);
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

function randomized(c, nodes, seed) {
  return shuffle(needNodes(nodes), seed === undefined ? c.env.random : chance(seed));
}

/** pulldata(instance, column, key column, key) is short for instance(...)/root/item[key column = key]/column. */
function pulldata(c, id, column, key, value) {
  const [row] = rowsWhere(c, toText(id), ['root', 'item'], toText(key), toText(value));
  return row?.named(toText(column))[0]?.value ?? '';
}

export const NODES = {
  position: [0, 1, position, 'trees'],
  current: [0, 0, (c) => [c.current]],
  instance: [1, 1, (c, id) => {
    const root = c.env.instance(toText(id));
    return root ? [root] : [];
  }],
  'indexed-repeat': [3, 7, indexedRepeat, 'trees'],
  pulldata: [4, 4, pulldata],
  randomize: [1, 2, randomized],
  'count-non-empty': [1, 1, (c, nodes) => needNodes(nodes).filter((node) => node.value !== '').length],
  id: [1, 1, (c, value) => {
    const ids = new Set(typeof value === 'object' ? value.flatMap((node) => words(node.value)) : words(value));
    const found = [];
    const visit = (node) => {
      if (ids.has(node.attribute('id'))) found.push(node);
      node.children.forEach(visit);
    };
    visit(c.node.top);
    return found;
  }],
  selected: [2, 2, (c, value, choice) => words(value).includes(toText(choice).trim())],
  'selected-at': [2, 2, (c, value, at) => words(value)[Math.trunc(toNumber(at, c.env.zone))] ?? ''],
  'count-selected': [1, 1, (c, value) => words(value).length],
  'jr:choice-name': [2, 2, (c, value, path) => c.env.choiceName(c, toText(value), toText(path).trim())],
  'jr:itext': [1, 1, (c, id) => c.env.itext(toText(id), c)],
};
