// What expressions can call and walk. Every form gets the core; rarer functions, axes and readers come in families that
// are loaded for forms that need them. A family's module registers here what it brings.

/**
 * The functions: name to [least arguments, most arguments, run, special]. run(context, ...values) by default; special
 * 'lazy': run(context, ...closures); 'trees': run(trees, compile) answers the closure itself. A test holds the names
 * equal to the server's.
 */
export const FUNCTIONS = {};
/** The axes: name to (node) => nodes, nearest first. */
export const AXES = {};
/** Single functions of families that the core calls if they are there. */
export const PARTS = {};

const calling = (names) => new RegExp(`"call","(?:${names})"`);
export const FAMILIES = {
  actions: /"actions":\[\{/,
  axes: /\["(?:ancestor|descendant|following|namespace|preceding)/,
  calendar: calling('date|(?:decimal-)?date-time|decimal-time|format-date(?:-time)?'),
  checks: calling('boolean-from-string|(?:weighted-)?checklist|count-non-empty|depend|id|is-selected|lang|(?:local-)?name|namespace-uri|property|version'),
  cutting: calling('ends-with|normalize-space|substr|substring(?:-before|-after)?|translate'),
  digests: calling('digest|randomize'),
  lookup: /"call","pulldata"|"call","instance",\["str","[^"]+"\]\](?:,\["child","[^"]+"\])*,\["child","[^"]+",/,
  maths: calling('abs|a?cos|a?sin|a?tan|atan2|ceiling|exp|exp10|floor|log|log10|pi|pow|sqrt'),
  patterns: calling('regex'),
  places: calling('area|distance|geofence|intersects'),
  repeats: calling('indexed-repeat'),
  signatures: calling('base64-decode|extract-signed'),
  tables: /"format":"(?:csv|geojson)"/,
  xml: /"format":"xml"/,
  zones: /(?!)/, // only by the options
};

/**
 * Load what a form and the options of its interview need; to be awaited before the first interview.
 * @param {object} [form] the phone's JSON; without it, everything is loaded
 */
export async function loadFamilies(form, { instance, lastSaved, tz } = {}) {
  const also = { xml: instance ?? lastSaved, zones: tz };
  const needed = familiesOf(form);
  const wanted = Object.keys(FAMILIES).filter((family) => also[family] || needed.includes(family));
  await Promise.all(wanted.map((family) => import(`./families/${family}.js`)));
}

const known = new WeakMap(); // form to what it needs: looked for once

function familiesOf(form) {
  if (!form) return Object.keys(FAMILIES);
  if (!known.has(form)) {
    const text = JSON.stringify(form);
    known.set(form, Object.keys(FAMILIES).filter((family) => FAMILIES[family].test(text)));
  }
  return known.get(form);
}
