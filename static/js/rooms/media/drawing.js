/** An SVG from the office, rebuilt element by element: only shapes, text and their looks; no script, link or foreign content. */
import { ELEMENT } from '../../engine/nodes.js';
import { readXml } from '../../engine/families/xml.js';

const SVG = 'http://www.w3.org/2000/svg';
const ELEMENTS = new Set([
  'svg', 'g', 'path', 'rect', 'circle', 'ellipse', 'line', 'polyline', 'polygon', 'text', 'tspan', 'title', 'desc', 'defs',
  'linearGradient', 'radialGradient', 'stop', 'clipPath',
]);
const ATTRIBUTES = new Set([
  'id', 'd', 'x', 'y', 'x1', 'y1', 'x2', 'y2', 'cx', 'cy', 'r', 'rx', 'ry', 'dx', 'dy', 'width', 'height', 'points', 'transform', 'viewBox',
  'preserveAspectRatio', 'fill', 'fill-opacity', 'fill-rule', 'stroke', 'stroke-width', 'stroke-linecap', 'stroke-linejoin',
  'stroke-dasharray', 'stroke-opacity', 'opacity', 'font-size', 'font-weight', 'text-anchor', 'offset', 'stop-color', 'stop-opacity',
  'gradientUnits', 'gradientTransform', 'clip-path', 'clip-rule', 'display', 'visibility',
]);
const STYLES = new Set([
  'fill', 'fill-opacity', 'fill-rule', 'stroke', 'stroke-width', 'stroke-linecap', 'stroke-linejoin', 'stroke-dasharray', 'stroke-opacity',
  'opacity', 'font-size', 'font-weight', 'text-anchor', 'stop-color', 'stop-opacity', 'display', 'visibility',
]);
const OUTSIDE = /url\(\s*['"]?(?!#)|javascript:|expression\(|@import/i;
const MOST = 20_000;

/** { svg, regions: Map of id to element }; null when it isn't an SVG. */
export function buildDrawing(text) {
  let root;
  try {
    root = readXml(withoutDoctype(text)).children.find(({ kind }) => kind === ELEMENT);
  } catch {
    return null;
  }
  if (root?.name !== 'svg') return null;
  const regions = new Map();
  const budget = { left: MOST };
  const svg = build(root, regions, budget);
  if (!svg.getAttribute('viewBox')) frame(svg);
  svg.removeAttribute('width');
  svg.removeAttribute('height');
  svg.setAttribute('class', 'media-drawing');
  return { svg, regions };
}

function build(node, regions, budget) {
  const element = document.createElementNS(SVG, node.name);
  for (const { qname, text } of node.attributes) {
    if (qname === 'style') setStyles(element, text);
    else if (ATTRIBUTES.has(qname) && !OUTSIDE.test(text)) element.setAttribute(qname, text);
  }
  const id = element.getAttribute('id');
  if (id && !regions.has(id)) regions.set(id, element);
  if (!node.children.length && node.text) element.textContent = node.text;
  for (const child of node.childNodes) {
    budget.left -= 1;
    if (budget.left < 0) break;
    if (child.kind === ELEMENT && ELEMENTS.has(child.name)) element.append(build(child, regions, budget));
    else if (child.kind !== ELEMENT && node.children.length && ['text', 'tspan'].includes(node.name)) element.append(child.text);
  }
  return element;
}

/** Through the object model, which the page's policy allows; as an attribute it would be refused. */
function setStyles(element, text) {
  for (const declaration of text.split(';')) {
    const [name, ...value] = declaration.split(':');
    const looks = value.join(':').trim();
    if (STYLES.has(name.trim()) && looks && !OUTSIDE.test(looks)) element.style.setProperty(name.trim(), looks);
  }
}

function frame(svg) {
  const [width, height] = ['width', 'height'].map((name) => Number.parseFloat(svg.getAttribute(name)));
  if (width > 0 && height > 0) svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
}

/** Drawing programs write one, some with entities; without it those simply fail to be read. */
function withoutDoctype(text) {
  return text.replace(/<!DOCTYPE[^>[]*(\[[^\]]*\])?\s*>/i, '');
}
