// The light tree as XML text.

import { ELEMENT, TEXT } from './nodes.js';

const UNWRITABLE = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const MARKS = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;', '\n': '&#10;', '\t': '&#9;' };
const escaped = (text) => text.replace(UNWRITABLE, '').replace(/[&<>\r]/g, (c) => MARKS[c]);
const quoted = (text) => text.replace(UNWRITABLE, '').replace(/[&<>"\r\n\t]/g, (c) => MARKS[c]);

/**
 * The element as XML text. `namespaces` (prefix to uri) are declared on it; `keep` leaves out what it answers false for.
 * @param {Node} node @param {Record<string, string>} [namespaces] @param {(node: Node) => boolean} [keep]
 */
export function writeXml(node, namespaces = {}, keep = () => true) {
  const declared = Object.keys(namespaces).sort()
    .map((prefix) => ` xmlns${prefix ? `:${prefix}` : ''}="${quoted(namespaces[prefix])}"`).join('');
  return write(node, declared, keep);
}

function write(node, declared, keep) {
  if (node.kind === TEXT) return escaped(node.text);
  if (node.kind !== ELEMENT || !keep(node)) return '';
  const attributes = declared + node.attributes.map((a) => ` ${a.qname}="${quoted(a.text)}"`).join('');
  const content = node.children.length ? node.children.map((child) => write(child, '', keep)).join('') : escaped(node.text);
  return content ? `<${node.qname}${attributes}>${content}</${node.qname}>` : `<${node.qname}${attributes}/>`;
}
