// Functions that few forms call: names, languages, checklists.

import '../functions.js';
import { FUNCTIONS } from '../library.js';
import { XML_NS } from '../nodes.js';
import { needNodes } from '../paths.js';
import { saysYes, toBoolean, toNumber, toText, words } from '../values.js';

const here = (c, nodes) => (nodes === undefined ? c.node : needNodes(nodes)[0]);

function language(c, wanted) {
  for (let node = c.node; node; node = node.parent) {
    const found = node.attributes.find((a) => a.name === 'lang' && (a.ns === XML_NS || a.prefix === 'xml'));
    if (found) return `${found.text.toLowerCase()}-`.startsWith(`${toText(wanted).toLowerCase()}-`);
  }
  return false;
}

/** Whether a checklist counts a value: a number above 0, any other text that isn't blank. */
function counts(value) {
  if (typeof value === 'boolean') return value;
  const number = toNumber(value, () => 0);
  if (!Number.isNaN(number)) return number > 0;
  return typeof value === 'object' ? value.length > 0 && saysYes(value[0]) : toBoolean(value);
}

/** A negative number stands for no limit. */
const within = (c, total, least, most) => {
  const [low, high] = [toNumber(least, c.env.zone), toNumber(most, c.env.zone)];
  return (low < 0 || total >= low) && (high < 0 || total <= high);
};

function checklist(c, least, most, ...values) {
  const all = values.flatMap((value) => (typeof value === 'object' ? value.map((node) => [node]) : [value]));
  return within(c, all.filter(counts).length, least, most);
}

/** Values and weights in turn, or a list of nodes for each. */
function weighted(c, least, most, ...pairs) {
  const lists = pairs.length === 2 && pairs.every((value) => typeof value === 'object');
  const [values, weights] = lists ? pairs.map((nodes) => nodes.map((node) => [node])) : [0, 1].map((odd) => pairs.filter((_, i) => i % 2 === odd));
  if (values.length !== weights.length) throw new TypeError('weighted-checklist() needs a weight for every value.');
  const total = values.reduce((sum, value, i) => sum + (counts(value) ? toNumber(weights[i], c.env.zone) : 0), 0);
  return within(c, total, least, most);
}

Object.assign(FUNCTIONS, {
  'local-name': [0, 1, (c, nodes) => here(c, nodes)?.name ?? ''],
  name: [0, 1, (c, nodes) => here(c, nodes)?.qname ?? ''],
  'namespace-uri': [0, 1, (c, nodes) => here(c, nodes)?.ns ?? ''],
  lang: [1, 1, language],
  'boolean-from-string': [1, 1, (c, value) => ['true', '1'].includes(toText(value).trim().toLowerCase())],
  checklist: [2, 999, checklist],
  'weighted-checklist': [2, 999, weighted],
  version: [0, 0, (c) => c.env.version],
  property: [1, 1, (c, name) => String(c.env.properties[toText(name).replaceAll(' ', '').toLowerCase()] ?? '')],
  depend: [1, 999, (c, value) => value],
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
  'is-selected': FUNCTIONS.selected,
});
