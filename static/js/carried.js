/**
 * The answers that the next interview of a form starts from (XLSForm `${last-saved#…}`). Of a finished interview only the
 * answers that the form asks to carry over are kept; nothing else stays readable on the phone.
 */
import { ELEMENT } from './engine/nodes.js';
import { writeXml } from './engine/write.js';

const LAST_SAVED = '__last-saved';

/** `xml` with every answer blanked that the form doesn't carry over; null when it carries none. */
export async function carriedOver(form, xml) {
  const wanted = carriedPaths(form);
  if (wanted.size === 0) return null;
  const { readXml } = await import('./engine/families/xml.js');
  const root = readXml(xml).children.find(({ kind }) => kind === ELEMENT);
  blank(root, '', wanted);
  return writeXml(root, form.namespaces);
}

/** The paths below `instance('__last-saved')` in all of the form's expressions, as "/data/group/name". */
export function carriedPaths(form) {
  const found = new Set();
  collect(form, found);
  return found;
}

function collect(value, found) {
  if (!value || typeof value !== 'object') return;
  if (isLastSaved(value)) found.add(value.slice(2).map((step) => `/${step[1]}`).join(''));
  for (const inner of Array.isArray(value) ? value : Object.values(value)) collect(inner, found);
}

function isLastSaved(tree) {
  const start = tree[1];
  return tree[0] === 'path' && Array.isArray(start) && start[0] === 'call' && start[1] === 'instance' && start[2]?.[1] === LAST_SAVED;
}

function blank(node, above, wanted) {
  const path = `${above}/${node.name}`;
  if (node.children.length === 0 && !wanted.has(path)) node.text = '';
  for (const child of node.children) blank(child, path, wanted);
}
