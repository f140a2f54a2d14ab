/** What shows after "hide": a plain calculator that works. A long press on its display leads back to the lock. */
import { h } from '../../h.js';
import { addStyle } from './secret.js';

const KEYS = ['7', '8', '9', '÷', '4', '5', '6', '×', '1', '2', '3', '−', '0', '.', '=', '+'];
const DO = { '÷': (a, b) => a / b, '×': (a, b) => a * b, '−': (a, b) => a - b, '+': (a, b) => a + b };
const LONG = 800;

export function neutral(back) {
  addStyle();
  const state = { shown: '0', before: null, sign: null, fresh: true };
  const display = h('button.display', { type: 'button', 'aria-live': 'polite' }, '0');
  let timer = null;
  display.addEventListener('pointerdown', () => { timer = setTimeout(back, LONG); });
  for (const type of ['pointerup', 'pointerleave', 'pointercancel']) display.addEventListener(type, () => clearTimeout(timer));
  display.addEventListener('keydown', (event) => { if (event.key === 'Enter' && event.repeat) back(); });
  display.addEventListener('contextmenu', (event) => event.preventDefault());
  const press = (key) => {
    step(state, key);
    display.textContent = state.shown;
  };
  return h('div.neutral', {}, h('h1.hidden-words', { tabindex: -1 }, '0'), display,
    h('div.keys', {}, KEYS.map((key) => h('button', { type: 'button', onclick: () => press(key) }, key))));
}

function step(state, key) {
  if (/[\d.]/.test(key)) {
    if (key === '.' && state.shown.includes('.') && !state.fresh) return;
    state.shown = state.fresh ? (key === '.' ? '0.' : key) : (state.shown + key).slice(0, 12);
    state.fresh = false;
    return;
  }
  const now = Number(state.shown);
  const value = state.sign && !state.fresh ? DO[state.sign](state.before, now) : now;
  Object.assign(state, { before: value, sign: key === '=' ? null : key, fresh: true, shown: String(Number(value.toPrecision(10))) });
}
