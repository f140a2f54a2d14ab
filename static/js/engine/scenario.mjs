// One whole-form scenario, step by step, against the live interview. Answers {id, failures: [{step, ref, found, expected}]}.

import { Interview } from './interview.js';
import { parseMoment, zoneOf } from './dates.js';
import { toText } from './values.js';

const CHECKS = {
  value: (state) => state.value,
  relevant: (state) => state.relevant,
  required: (state) => state.required,
  readonly: (state) => state.readonly,
  valid: (state) => state.valid,
  label: (state) => state.label,
  hint: (state) => state.hint,
  choices: (state) => state.choices,
};

const text = (value) => (Array.isArray(value) ? value.map(text).join(' ') : toText(value ?? ''));

/** Expected choices are values, or labels, or objects with value or label. */
const sameChoices = (expected, found) => expected.length === found.length && ['value', 'label'].some((plain) => expected.every(
  (wanted, i) => Object.entries(typeof wanted === 'object' ? wanted : { [plain]: text(wanted) }).every(([what, each]) => found[i][what] === each),
));

function same(what, expected, found) {
  if (what === 'choices') return sameChoices(expected, found);
  return what === 'value' ? text(expected) === found : expected === found;
}

/** The moment of a case's clock; without offset it is meant in the case's zone. */
export const momentOf = (now, tz) => {
  const moment = parseMoment(now, zoneOf(tz));
  return Number.isNaN(moment) ? new Date(now).getTime() : moment;
};

/** @param {{id: string, form: object, files?: Record<string, string>, steps: object[]}} scenario */
export function runScenario({ id, form, error, files, now, tz = 'UTC', lang, properties, random, last_saved: lastSaved, steps }) {
  if (error) return { id, error };
  const options = { tz, language: lang, datasets: files, lastSaved, properties };
  if (now) options.now = momentOf(now, tz);
  if (random !== undefined) options.random = () => random;
  try {
    let interview = new Interview(form, options);
    const failures = [];
    steps.forEach((step, place) => {
      try {
        const next = take(interview, step, form, options);
        if (next) interview = next;
        for (const failure of 'expect' in step ? check(interview, step) : []) failures.push({ step: place, ref: step.expect, ...failure });
      } catch (problem) {
        failures.push({ step: place, ref: Object.values(step)[0], error: problem.message });
      }
    });
    return { id, failures };
  } catch (problem) {
    return { id, error: problem.message };
  }
}

function take(interview, step, form, options) {
  if ('answer' in step) interview.answer(step.answer, text(step.value));
  else if ('add_repeat' in step) interview.addRepeat(step.add_repeat);
  else if ('remove_repeat' in step) interview.removeRepeat(step.remove_repeat);
  else if ('language' in step) interview.setLanguage(step.language);
  else if (step.restore) return new Interview(form, { ...options, language: interview.env.language, instance: interview.serialize() });
  return null;
}

function check(interview, step) {
  const failures = [];
  const compare = (what, expected, found) => same(what, expected, found) || failures.push({ what, expected, found });
  if ('count' in step) compare('count', step.count, interview.count(step.expect.replace(/\[\d+\]$/, '')));
  const wanted = Object.keys(CHECKS).filter((what) => what in step);
  if (!wanted.length) return failures;
  const state = interview.state(step.expect);
  for (const what of wanted) compare(what, step[what], CHECKS[what](state));
  return failures;
}
