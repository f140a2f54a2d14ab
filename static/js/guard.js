/**
 * Who stands before the views: on a phone that is enrolled nothing shows until it is unlocked. It locks by itself after
 * some minutes without a touch and as soon as it is hidden, and at once on the button that every bar carries.
 */
import { listen, tellHere } from './bus.js';
import { h } from './h.js';
import { get } from './store.js';
import { addTexts, t } from './texts.js';
import { lock, locked } from './vault.js';

/** How a phone is protected when its programme says nothing else. */
const POLICY = { level: 'pin', lock_after: 120, lock_on_hide: true, wipe_after: 10, empty_pin: true };
const CAMERA_TIME = 600_000;

addTexts({
  hideNow: ['Ocultar ya', 'Hide now'],
});

let policy = POLICY;
let touched = Date.now();
let awake = 0;
let expected = null; // { from, until }: the app is behind a camera or a chooser that it opened itself
let weak = false;
let cover = null;

/** What the programme asks of its phones. */
export async function readPolicy() {
  policy = { ...POLICY, ...(await get('vault', 'policy')) };
  weak = policy.level !== 'pin' && (await get('vault', 'lock'))?.level === 'pin';
  return policy;
}

/** The view that stands before all others now, or null. */
export async function gate(name) {
  if (cover) return cover;
  if (!locked()) return weak && name !== 'fill' ? stronger() : null; // nobody is asked in the middle of an interview
  if (!(await get('meta', 'device'))) return null;
  const { kind, views } = await room();
  return kind === 'wiped' && name === 'enrol' ? null : views[kind];
}

/** The programme asks for more than this phone's PIN now: another secret, before anything else. */
async function stronger() {
  await readPolicy();
  return weak ? (await import('./rooms/lock/stronger.js')).stronger : null;
}

async function room() {
  const [stored] = await Promise.all([get('vault', 'lock'), readPolicy()]);
  const kind = !stored ? 'setup' : stored.wiped_at ? 'wiped' : 'unlock';
  return { kind, views: await import(kind === 'setup' ? './rooms/lock/setup.js' : './rooms/lock/unlock.js') };
}

/** Begin to watch; `root` is what is taken off the screen when the app is hidden. */
export function startGuard(root) {
  for (const type of ['pointerdown', 'keydown', 'input', 'scroll']) addEventListener(type, touch, { capture: true, passive: true });
  setInterval(() => { if (!awake && !isExpected() && Date.now() - touched > policy.lock_after * 1000) lock(); }, 1_000);
  document.addEventListener('visibilitychange', hiding);
  listen('lock', closeDialogs);
  addEventListener('keydown', (event) => { if (event.key === 'Escape' && event.shiftKey) hide(root); });
  let taps = [];
  addEventListener('pointerdown', ({ target, timeStamp }) => {
    taps = target.closest?.('.bar') && !target.closest('a, button, select') ? [...taps.filter((tap) => timeStamp - tap < 700), timeStamp] : [];
    if (taps.length >= 3) hide(root);
  });
}

function touch() {
  touched = Date.now();
  expected = null;
}

function isExpected() {
  return expected !== null && Date.now() < expected.until;
}

function hiding() {
  const hidden = document.visibilityState === 'hidden';
  document.body.hidden = hidden && policy.lock_on_hide && !locked(); // dialogs too: the phone takes a picture of what it puts away
  const longAway = expected !== null && Date.now() - expected.from > policy.lock_after * 1000;
  if (hidden ? policy.lock_on_hide && !isExpected() : longAway) lock();
  if (!hidden && expected && !longAway) touched = Date.now();
  if (!hidden) expected = null;
}

/**
 * The app will be hidden because it asked for it (camera, file). It doesn't lock behind them, for ten minutes at most; who
 * comes back after the time that the lock waits gives the PIN first, and what the camera took is kept then.
 */
export function expectHiding() {
  expected = { from: Date.now(), until: Date.now() + CAMERA_TIME };
}

/** Don't lock for lack of touches while something runs that needs none (a recording), until the answer is called. */
export function stayAwake() {
  awake += 1;
  let over = false;
  return () => {
    if (over) return;
    over = true;
    awake -= 1;
    touched = Date.now();
  };
}

/** Off the screen at once: something harmless shows, and the way back is the lock. */
export async function hide(root = document.getElementById('app')) {
  if (locked()) return;
  root.replaceChildren();
  closeDialogs();
  cover = () => h('div');
  const saving = lock();
  const { neutral } = await import('./rooms/lock/neutral.js');
  cover = () => neutral(() => { cover = null; tellHere('lock'); });
  root.replaceChildren(cover());
  await saving;
}

function closeDialogs() {
  if (locked() || cover) for (const dialog of document.querySelectorAll('dialog')) dialog.remove();
}

/** The button for it; null where there is nothing to hide yet. */
export function hideButton() {
  return locked() ? null : h('button.quiet.hide-now', { type: 'button', 'aria-label': t('hideNow'), onclick: () => hide() }, '✕');
}
