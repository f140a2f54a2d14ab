/** One question on the page: its statement, its hint, its control and, beside it, what is wrong and how to put it right. */
import { fill, h, prose } from '../h.js';
import { canAnswer, isNote } from '../kinds.js';
import { t } from '../texts.js';
import { makeControl } from './controls/index.js';

const SHORT_STATEMENT = 150;
let made = 0;

/**
 * { element, ref, redraw(), check() }: `check` shows what is wrong, and returns whether one may go on.
 * `answer(ref, value)` is called with every answer; `level` is the heading's.
 */
export function questionView(question, interview, { answer, level = 1 }) {
  const { ref, control } = question;
  made += 1;
  const id = `q${made}`;
  const state = () => interview.state(ref);
  const first = state();
  const note = isNote(question, first);
  const title = h(`h${level}.statement`, { id: `${id}-label`, tabindex: -1 });
  const hint = h('p.hint', { id: `${id}-hint` });
  const message = h('p.message', { id: `${id}-message`, role: 'alert' });
  const naming = { 'aria-labelledby': `${id}-label`, 'aria-describedby': `${id}-hint ${id}-message` };
  const context = { id, naming, state, answer: (value) => { hush(); answer(ref, value); clearable(); }, left: () => check({ leaving: true }) };
  const input = makeControl(question, context);
  const clear = h('button.quiet.clear', { type: 'button', onclick: () => { context.answer(''); input.redraw(state()); } }, t('clear'));
  const element = h('section.question', { 'data-ref': ref }, title, hint, message, h('div.control', {}, input.element), clear);

  function redraw() {
    const now = state();
    fill(title, prose(now.label));
    title.classList.toggle('is-long', now.label.length >= SHORT_STATEMENT);
    title.classList.toggle('is-sticky', !note && now.label.length < SHORT_STATEMENT);
    fill(hint, prose(now.hint));
    if (!note && !now.required && now.editable && canAnswer(question)) hint.append(h('span.optional', {}, t('optional')));
    hint.hidden = !hint.hasChildNodes();
    input.redraw(now);
    clearable();
  }

  function clearable() {
    const now = state();
    clear.hidden = now.value === '' || now.required || !now.editable || !['select1', 'rank', 'range', 'input'].includes(control.kind);
  }

  function hush() {
    fill(message);
    for (const marked of element.querySelectorAll('[aria-invalid]')) marked.removeAttribute('aria-invalid');
  }

  function check({ leaving = false } = {}) {
    const trouble = input.problem?.() ? t(input.problem()) : troubleOf(question, state(), leaving);
    hush();
    if (!trouble) return true;
    fill(message, trouble);
    const marked = element.querySelector('.control input:not([type=radio], [type=checkbox], [type=search]), .control textarea, .control [role=radiogroup]');
    marked?.setAttribute('aria-invalid', 'true');
    return false;
  }

  redraw();
  return { element, ref, redraw, check, leave: () => input.leave?.() };
}

/** What keeps this answer from being accepted, in words; null when nothing does. Leaving a blank field isn't wrong yet. */
export function troubleOf(question, state, leaving = false) {
  if (!canAnswer(question) || !state.editable) return null;
  if (state.missing) return leaving ? null : state.requiredMessage || t('required');
  if (state.value !== '' && !state.valid) return state.constraintMessage || t('wrongValue');
  return null;
}
