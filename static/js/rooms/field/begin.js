/**
 * Beginning a form from the fieldwork: what is known already (wave, site, dwelling, visit) is filled in, the draft is linked
 * to its case, and whoever begins the same case again gets the draft that is there and the same draw of the respondent.
 */
import { listDrafts } from '../../drafts.js';
import { openFilling } from '../../filling.js';
import { go } from '../../router.js';
import { note, readOffice, recallAll, stopAt } from './log.js';

/** The office has stopped work where this form would begin. */
export class Stopped extends Error {}

/**
 * Open `form` with `answers` by question name and go there; `link` ({ kind, case, site, … }) is kept beside the draft.
 * Throws Stopped where work is stopped, CantOpen when the form isn't on the phone.
 */
export async function begin(form, answers, link) {
  const before = await draftOf(form, link.case);
  const id = before && !(await isStopped(link)) ? before : (await prepare(form, answers, link)).draft.id;
  return go(`#/fill/${encodeURIComponent(id)}`);
}

async function isStopped({ site }) {
  return Boolean(site && stopAt(await readOffice(), site));
}

/** The same without going there: a filling whose draft is stored. */
export async function prepare(form, answers, link) {
  if (await isStopped(link)) throw new Stopped(link.site);
  const filling = await openFilling(`new:${form}`, link.case ? { random: await drawOf(link.case) } : {});
  for (const [name, value] of Object.entries(answers)) answer(filling, name, value);
  filling.touched = true;
  filling.keeper.draft = { ...filling.draft, linked: true };
  const open = filling.pages.find((page) => page.questions.some((question) => isOpen(filling, question)));
  if (open) filling.moveTo(open.key);
  await note(`links/${filling.draft.id}`, { ...link, form });
  await filling.save();
  return filling;
}

/** The unfinished draft of a case, or null. */
export async function draftOf(form, wanted) {
  if (!wanted) return null;
  const drafts = new Set((await listDrafts()).map(({ id }) => id));
  const links = (await recallAll('links')).filter((link) => link.form === form && link.case === wanted);
  return links.map(({ key }) => key.slice('links/'.length)).find((id) => drafts.has(id)) ?? null;
}

function isOpen({ interview }, { ref, bind }) {
  const state = interview.state(ref);
  return state.value === '' && !state.readonly && !bind.readonly;
}

/** Fill in one answer, unless the form doesn't ask it or wouldn't take it: then the person is asked as always. */
function answer(filling, name, value) {
  const bind = filling.form.binds.find(({ ref }) => ref.endsWith(`/${name}`) && !ref.includes('/meta/'));
  if (!bind || value === null || value === undefined || value === '') return;
  const before = filling.interview.state(bind.ref).value;
  filling.answer(bind.ref, String(value));
  const state = filling.interview.state(bind.ref);
  const unknown = state.choices?.length > 0 && !state.choices.some((choice) => choice.value === String(value));
  if (unknown || state.valid === false) filling.answer(bind.ref, before);
}

/**
 * The chances of a case: always the same for it, whoever begins it and however often, so that nobody can draw another
 * respondent by beginning anew.
 */
async function drawOf(wanted) {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`draw|${wanted}`)));
  let [state] = new Uint32Array(bytes.buffer, 0, 1);
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
