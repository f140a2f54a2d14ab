/**
 * Building the page without HTML strings, so that no answer or label can ever become markup.
 *
 *   h('p.hint', { id: 'x', onclick: f }, 'text', child, [more])   null and false children are left out
 */
const PROPERTIES = new Set(['value', 'checked', 'disabled', 'hidden', 'open', 'indeterminate', 'textContent']);

/** An element: tag with classes, attributes (on… are listeners), children. */
export function h(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split('.');
  const element = document.createElement(name || 'div');
  if (classes.length) element.className = classes.join(' ');
  for (const [key, value] of Object.entries(attributes ?? {})) setAttribute(element, key, value);
  element.append(...flatten(children));
  return element;
}

function setAttribute(element, key, value) {
  if (value === null || value === undefined) return;
  if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
  else if (PROPERTIES.has(key)) element[key] = value;
  else if (value === true) element.setAttribute(key, key.startsWith('aria-') ? 'true' : '');
  else if (value === false && !key.startsWith('aria-')) return;
  else element.setAttribute(key, String(value));
}

function flatten(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== '');
}

/** Replace what is inside `element`. */
export function fill(element, ...children) {
  element.replaceChildren(...flatten(children));
  return element;
}

const LONGEST_TAP = 3_000;
const AFTER_TAP = 100; // the browser makes the click some moments after the finger has left

let tap = Promise.resolve();
let endTap = () => {};

addEventListener('pointerdown', () => {
  endTap();
  tap = new Promise((resolve) => { endTap = resolve; });
  setTimeout(endTap, LONGEST_TAP);
}, { capture: true, passive: true });
for (const type of ['pointerup', 'pointercancel']) addEventListener(type, () => setTimeout(endTap, AFTER_TAP), { capture: true, passive: true });

/** Wait for this before what is on the screen is drawn anew: a button that is replaced under a finger would swallow its tap. */
export function untouched(element) {
  return element.isConnected ? tap : null;
}

/** Append css/NAME.css once; resolves when it applies. Never rejects: what looks plain still works. */
export function addStyle(name) {
  const { version } = document.documentElement.dataset;
  const href = `/static/${version}/css/${name}.css`;
  if (document.head.querySelector(`link[href='${href}']`)) return Promise.resolve();
  return new Promise((resolve) => {
    document.head.append(h('link', { rel: 'stylesheet', href, onload: resolve, onerror: resolve }));
  });
}

/** Show a dialog over the page, in the direction and language of `near`; it is removed when it closes. */
export function openDialog(box, near = document.querySelector('.page')) {
  box.dir = near?.dir ?? '';
  box.addEventListener('close', () => box.remove());
  document.body.append(box);
  box.showModal();
  return box;
}

const ICONS = {
  back: 'M15 5l-7 7 7 7',
  next: 'M9 5l7 7-7 7',
  list: 'M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  waiting: 'M12 19V6M6 11.5L12 5.5l6 6',
  warn: 'M12 8.5v4.5M12 16.5v.01M12 3.5l9.2 16.2H2.8z',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  bin: 'M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7',
  up: 'M6 14.5l6-6 6 6',
  down: 'M6 9.5l6 6 6-6',
  pin: 'M12 21s6.5-6 6.5-11a6.5 6.5 0 0 0-13 0c0 5 6.5 11 6.5 11zM12 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z',
  phone: 'M8 3.5h8a1 1 0 0 1 1 1v15a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1v-15a1 1 0 0 1 1-1zM11 17.5h2',
};

/** A room brings its own icons: { name: path in a square of 24 }. */
export function addIcons(more) {
  Object.assign(ICONS, more);
}

const SVG = 'http://www.w3.org/2000/svg';

/** A line icon, hidden from screen readers: the words beside it say what it means. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  for (const [key, value] of Object.entries({ viewBox: '0 0 24 24', class: `icon icon-${name}`, 'aria-hidden': 'true' })) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

/** Form text as nodes: line breaks, **strong** and *stressed* are kept, inserted values stand apart; the rest is plain text. */
export function prose(text) {
  return String(text ?? '').split(/\r?\n/).flatMap((line, index) => [index ? h('br') : null, ...stresses(line)]);
}

/** An inserted value as `prose` shows it: in its own direction, never as markup. */
export function inserted(value) {
  return `\u2068${value}\u2069`;
}

function stresses(line) {
  return line.split(/(\u2068[^\u2069]*\u2069|\*\*[^*]+\*\*|\*[^*\s][^*]*\*|__[^_]+__)/).map((part) => {
    if (part.startsWith('\u2068')) return h('bdi', {}, part.slice(1, -1));
    if (/^(\*\*|__)/.test(part) && part.length > 4) return h('strong', {}, stresses(part.slice(2, -2)));
    if (/^\*[^*]/.test(part) && part.length > 2) return h('em', {}, stresses(part.slice(1, -1)));
    return part;
  });
}
