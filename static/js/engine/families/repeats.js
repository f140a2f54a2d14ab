// indexed-repeat().

import { FUNCTIONS } from '../library.js';
import { needNodes } from '../paths.js';
import { placeOf } from '../functions.js';
import { toNumber } from '../values.js';

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
      const [repeat] = [...needNodes(pairs[i](c)), ...needNodes(pairs[i](unbound))];
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

FUNCTIONS['indexed-repeat'] = [3, 999, indexedRepeat, 'trees'];
