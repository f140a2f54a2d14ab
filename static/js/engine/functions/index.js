// The function library: name to [least arguments, most arguments, run, special].
// run(context, ...values) by default; special 'lazy': run(context, ...closures); 'trees': run(trees, compile) answers
// the closure itself. A file per family; rarer families are loaded when a form calls them. A test holds the names equal
// to the server's.

import { CORE } from './core.js';
import { DATES } from './time.js';
import { LISTS } from './lists.js';
import { NUMBERS } from './numbers.js';
import { TEXTS } from './texts.js';

export const FUNCTIONS = { ...CORE, ...DATES, ...LISTS, ...NUMBERS, ...TEXTS };

const FAMILIES = {
  digests: ['digest', 'randomize'],
  patterns: ['regex'],
  places: ['area', 'distance', 'geofence', 'intersects'],
  signatures: ['base64-decode', 'extract-signed'],
};

/**
 * Load the rarer functions that a form calls; to be awaited before its first interview.
 * @param {object} [form] the phone's JSON; without it, everything is loaded
 */
export async function loadFunctions(form) {
  const text = form && JSON.stringify(form);
  const wanted = Object.keys(FAMILIES).filter((family) => {
    const missing = FAMILIES[family].filter((name) => !Object.hasOwn(FUNCTIONS, name));
    return text ? missing.some((name) => text.includes(`"call","${name}"`)) : missing.length;
  });
  const loaded = await Promise.all(wanted.map((family) => import(`../families/${family}.js`)));
  for (const { FAMILY } of loaded) Object.assign(FUNCTIONS, FAMILY);
}
