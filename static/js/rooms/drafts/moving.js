/**
 * An unfinished interview and a newer version of its form: which answers the newer version takes over, and which it
 * doesn't. Answers are matched by their path, then by the name of the question when both versions have it only once.
 * Nothing is written here but by `move`, and that replaces the draft in one transaction.
 */
import { findForm } from '../../catalogue.js';
import { findDraft, isStill, protectDraft } from '../../drafts.js';
import { Interview } from '../../engine/interview.js';
import { formLanguage } from '../../filling.js';
import { tell } from '../../bus.js';
import { commit, get } from '../../store.js';

/**
 * What moving the draft to the form of catalogue entry `entry` would do: { draft, entry, kept, lost, fresh, xml } with
 * lists of { ref, label, value, why? }; why: 'gone' (no such question), 'choice' (no such choice), 'type'. Null when the
 * draft or a form isn't on the phone.
 */
export async function previewMove(id, entry) {
  const draft = await findDraft(id);
  const [before, after] = await Promise.all([draft && findForm(draft.hash), findForm(entry.hash)]);
  if (!draft || !before || !after) return null;
  const device = await get('meta', 'device');
  const open = ({ form, files }) => Interview.open(form, {
    instance: draft.xml, datasets: files, language: formLanguage(form, draft.language),
    properties: { deviceid: device?.id ?? '', username: device?.interviewer ?? '' },
  });
  return { draft, entry, ...compareInterviews(await open(before), await open(after)) };
}

/** The old interview's answers in the new one, which is changed to fit: { kept, lost, fresh, xml }. */
export function compareInterviews(old, next) {
  const kept = [];
  const lost = [];
  const places = new Map(next.questions().map((question) => [question.ref, question]));
  const byName = onlyOnes(places.keys());
  const oldNames = onlyOnes(old.questions().map(({ ref }) => ref));
  for (const { ref } of old.questions()) {
    const state = old.state(ref);
    if (state.value === '' || state.readonly) continue;
    const told = { ref, label: state.label || nameOf(ref), value: valueText(state) };
    const renamed = oldNames.get(nameOf(ref)) === ref ? byName.get(nameOf(ref)) : undefined;
    const to = places.has(ref) ? ref : renamed;
    const why = to ? settleAnswer(next, to, state.value) : 'gone';
    if (why) lost.push({ ...told, why });
    else kept.push(told);
  }
  const taken = new Set(old.questions().map(({ ref }) => nameOf(ref)));
  const fresh = next.questions().filter(({ ref, relevant }) => relevant && !taken.has(nameOf(ref)) && !next.state(ref).readonly);
  return { kept, lost, fresh: fresh.map(({ ref }) => ({ ref, label: next.state(ref).label || nameOf(ref) })), xml: next.serialize() };
}

/** Put the answer where it belongs; null when it stands, else why it can't. */
function settleAnswer(next, ref, value) {
  if (next.state(ref).value !== value) next.answer(ref, value);
  const state = next.state(ref);
  const offered = state.choices?.length ? new Set(state.choices.map((choice) => choice.value)) : null;
  const why = !state.ofType ? 'type' : offered && !value.split(' ').every((each) => offered.has(each)) ? 'choice' : null;
  if (why) next.answer(ref, '');
  return why ?? (next.state(ref).value === value ? null : 'type');
}

function valueText({ value, choices }) {
  if (!choices?.length) return value;
  const labels = new Map(choices.map((choice) => [choice.value, choice.label]));
  return value.split(' ').map((each) => labels.get(each) ?? each).join(', ');
}

function nameOf(ref) {
  return ref.slice(ref.lastIndexOf('/') + 1).replace(/\[\d+\]$/, '');
}

/** The refs whose names occur once, by name. */
function onlyOnes(refs) {
  const found = new Map();
  for (const ref of refs) found.set(nameOf(ref), found.has(nameOf(ref)) ? null : ref);
  return new Map([...found].filter(([, ref]) => ref));
}

/** Replace the draft by its moved self; until this was called nothing has changed. Rejects if the draft changed meanwhile. */
export async function move({ draft, entry, xml }) {
  const moved = {
    ...draft, xml, place: null, hash: entry.hash, version: entry.version, title: entry.title, wave: entry.wave?.id ?? draft.wave,
    revision: (draft.revision ?? 0) + 1, writer: null, saved_at: new Date().toISOString(),
  };
  await commit([{ store: 'drafts', key: draft.id, value: await protectDraft(moved) }], isStill(draft));
  tell('drafts');
}
