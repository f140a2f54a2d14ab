// XML text to the light tree: a document type may be named but declares nothing, no entities but the five of XML. Raises UnreadableXml.
// Callers that hand in text from outside catch UnreadableXml; nothing else is raised.

import { ATTRIBUTE, COMMENT, ELEMENT, INSTRUCTION, ROOT, TEXT, XML_NS, Node, named } from '../nodes.js';
import { PARTS } from '../library.js';

export class UnreadableXml extends Error {}

const TOKEN = /<!--([^]*?)-->|<!\[CDATA\[([^]*?)\]\]>|<\?([^\s?]+)\s*([^]*?)\?>|<!DOCTYPE\s[^<>[\]]*>|<\/([^\s>]+)\s*>|<([^\s/>!?=]+)((?:\s+[^\s=/>]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;
const ATTRIBUTES = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITIES = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const MAX_DEPTH = 200;

function plain(text) {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));|&/g, (_, hex, decimal, name) => {
    const code = hex ? parseInt(hex, 16) : Number(decimal);
    const found = name ? ENTITIES[name] : code > 0 && code < 0x110000 ? String.fromCodePoint(code) : undefined;
    if (found === undefined) throw new UnreadableXml('An & that is not an entity of XML.');
    return found;
  });
}

/**
 * The document as a ROOT node.
 * @param {string} source
 * @param {{keepSpace?: boolean, ns?: boolean}} [options] keepSpace also keeps comments, instructions and white space
 *   between elements; ns: false leaves the default namespace out of account, as forms do
 */
export function readXml(source, { keepSpace = false, ns = true } = {}) {
  const root = new Node(ROOT);
  const text = source.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
  let here = root, depth = 0, pending = '';
  const scopes = [{ xml: XML_NS, '': '' }];
  const flush = (closing) => {
    const blank = !pending.trim();
    if (pending && here.kind === ROOT && !blank) throw new UnreadableXml('There is text outside the root element.');
    if (pending && here.kind !== ROOT && !(blank && !keepSpace && (here.children.length || !closing))) {
      if (closing && !here.children.length) here.text = pending;
      else here.append(new Node(TEXT, '', pending));
    }
    pending = '';
  };
  TOKEN.lastIndex = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (!found) throw new UnreadableXml(`The XML breaks off or is wrong at character ${at + 1}.`);
    const [, comment, cdata, target, data, closed, opened, attributes, empty, words] = found;
    if (words !== undefined) pending += plain(words);
    else if (cdata !== undefined) pending += cdata;
    else if (opened) {
      flush(false);
      if (++depth > MAX_DEPTH) throw new UnreadableXml('The XML is nested too deeply.');
      if (here === root && root.children.some((n) => n.kind === ELEMENT)) throw new UnreadableXml('There are two root elements.');
      here = here.append(open(opened, attributes, scopes, ns));
    } else if (comment !== undefined || target) {
      if (!keepSpace || target === 'xml') continue;
      flush(false);
      here.append(target ? new Node(INSTRUCTION, target, data) : new Node(COMMENT, '', comment));
    } else if (!closed && root.children.some((n) => n.kind === ELEMENT)) throw new UnreadableXml('A document type stands first.');
    if (closed || empty) {
      flush(true);
      if (here === root || closed && closed !== here.qname) throw new UnreadableXml(`</${closed}> closes nothing.`);
      here = here.parent;
      depth--;
      scopes.pop();
    }
  }
  flush(true);
  if (here !== root || !root.children.some((n) => n.kind === ELEMENT)) throw new UnreadableXml('The XML breaks off.');
  return root;
}

function open(qname, attributes, scopes, ns) {
  const outer = scopes[scopes.length - 1];
  const scope = attributes.includes('xmlns') ? { ...outer } : outer;
  const pairs = [];
  for (const [, name, double, single] of attributes.matchAll(ATTRIBUTES)) {
    const value = plain(double ?? single);
    if (pairs.some(([other]) => other === name)) throw new UnreadableXml(`Two attributes are called ${name}.`);
    pairs.push([name, value]);
    if (name === 'xmlns') scope[''] = ns ? value : '';
    else if (name.startsWith('xmlns:')) scope[name.slice(6)] = value;
  }
  scopes.push(scope);
  const uri = (name, otherwise) => {
    const prefix = name.includes(':') ? name.split(':')[0] : '';
    if (prefix && scope[prefix] === undefined) throw new UnreadableXml(`The prefix ${prefix} is not declared.`);
    return prefix ? scope[prefix] : otherwise;
  };
  const node = named(ELEMENT, qname, uri(qname, scope['']));
  node.scope = scope;
  for (const [name, value] of pairs) {
    if (name === 'xmlns' || name.startsWith('xmlns:')) continue;
    const attribute = named(ATTRIBUTE, name, uri(name, ''));
    attribute.text = value;
    attribute.parent = node;
    node.attributes = [...node.attributes, attribute];
  }
  return node;
}

PARTS.xml = readXml;
