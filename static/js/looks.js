/**
 * How the person who holds the phone wants it to look: light, dark or for the sun, and one question per screen or a whole
 * section. Kept beside the app's storage, because it has to be known before the first thing is drawn. No answers here.
 */
const KEY = 'looks';
const SCHEMES = ['light', 'dark', 'sun'];
const dark = matchMedia('(prefers-color-scheme: dark)');
const kept = read();

/** { scheme: '' (as the phone is) | 'light' | 'dark' | 'sun', whole: boolean }. */
export function looks() {
  return kept;
}

/** Change some of it, now and for good. */
export function setLooks(more) {
  Object.assign(kept, more);
  apply();
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch { /* it holds until the app is closed */ }
}

function read() {
  try {
    const { scheme, whole } = JSON.parse(localStorage.getItem(KEY)) ?? {};
    return { scheme: SCHEMES.includes(scheme) ? scheme : '', whole: whole === true };
  } catch {
    return { scheme: '', whole: false };
  }
}

/** The stylesheet knows three looks by name; what the phone itself prefers is one of them. */
function apply() {
  document.documentElement.dataset.looks = kept.scheme || (dark.matches ? 'dark' : 'light');
}

dark.addEventListener('change', apply);
apply();
