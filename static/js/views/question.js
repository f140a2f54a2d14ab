/** One question on the page: its statement, its hint, its control and, beside it, what is wrong and how to put it right. */
import { fill, h, inserted, prose } from '../h.js';
import { isHeading, isNote, kindOf } from '../kinds.js';
import { labelMedia } from '../media.js';
import { t } from '../texts.js';
import { makeControl } from './controls/index.js';

const SHORT_STATEMENT = 150;
const TYPED = new Set(['text', 'integer', 'decimal', 'counter', 'dateParts', 'masked', 'address', 'chooseSeveral', 'acknowledge', 'image', 'audio', 'video', 'file']);
const still = new WeakMap();
let made = 0;

/**
 * { element, ref, redraw(), check(), leave() }: `check` shows what is wrong, and returns whether one may go on.
 * `answer(ref, value)` is called with every answer, `advance()` when the page has been answered; `level` is the heading's.
 */
export function questionView(question, filling, { answer, advance = () => {}, level = 1 }) {
  const { ref, control } = question;
  const { interview } = filling;
  made += 1;
  const id = `q${made}`;
  const state = () => interview.state(ref);
  const note = isNote(question, state()) || isHeading(question);
  const kind = kindOf(question);
  const title = h(`h${level}.statement`, { id: `${id}-label`, tabindex: -1 });
  const pictures = h('div.pictures');
  const hint = h('div.hint', { id: `${id}-hint` });
  const message = h('p.message', { id: `${id}-message`, role: 'alert' });
  const naming = { 'aria-labelledby': `${id}-label`, 'aria-describedby': `${id}-hint ${id}-message` };
  const context = {
    id, naming, state, interview, filling, advance,
    answer(value) {
      hush();
      answer(ref, value);
      drawn.value = state().value;
      clearable();
    },
    left: () => check({ leaving: true }),
  };
  const drawn = { editable: state().editable };
  let input = makeControl(question, context);
  const clear = h('button.quiet.clear', { type: 'button', onclick: () => { context.answer(''); input.redraw(state()); } }, t('clear'));
  const holder = h('div.control', {}, input.element);
  const element = h('section.question', { 'data-ref': ref }, title, pictures, hint, message, holder, clear);

  function redraw() {
    const now = state();
    if (drawn.value === now.value && isStill(question, interview)) return;
    drawn.value = now.value;
    drawTexts(now);
    if (drawn.editable !== now.editable) remake(now);
    else input.redraw(now);
    clearable(now);
  }

  function remake(now) {
    input.leave?.();
    input = makeControl(question, context);
    drawn.editable = now.editable;
    fill(holder, input.element);
  }

  function drawTexts(now) {
    const label = spoken(now, control.label);
    const help = spoken(now, control.hint);
    const guidance = now.guidance;
    const optional = !note && !now.required && now.editable;
    const media = kind === 'imageMap' ? null : now.media;
    const print = JSON.stringify([label, help, guidance, optional, media]);
    if (print === drawn.print) return;
    drawn.print = print;
    fill(title, prose(label), optional ? h('span.optional', {}, ` · ${t('optional')}`) : null);
    title.classList.toggle('is-long', label.length >= SHORT_STATEMENT);
    title.classList.toggle('is-sticky', !note && label.length < SHORT_STATEMENT);
    fill(hint, help ? h('p', {}, prose(help)) : null,
      guidance ? h('details.guidance', {}, h('summary', {}, t('guidance')), h('p', {}, prose(guidance))) : null);
    hint.hidden = !hint.hasChildNodes();
    fill(pictures, labelMedia(media, filling.form));
    pictures.hidden = !pictures.hasChildNodes();
  }

  function clearable(now = state()) {
    clear.hidden = now.value === '' || TYPED.has(kind) || now.required || !now.editable;
  }

  function hush() {
    fill(message);
    for (const marked of element.querySelectorAll('[aria-invalid]')) marked.removeAttribute('aria-invalid');
  }

  function check({ leaving = false } = {}) {
    const trouble = input.problem?.() ? t(input.problem()) : troubleOf(state(), leaving);
    hush();
    if (!trouble) return true;
    fill(message, prose(trouble));
    const marked = element.querySelector('.control input:not([type=radio], [type=checkbox], [type=search]), .control textarea, .control select, .control [role=radiogroup]');
    marked?.setAttribute('aria-invalid', 'true');
    return false;
  }

  drawn.value = state().value; // the control has drawn itself
  drawTexts(state());
  clearable();
  return { element, ref, redraw, check, leave: () => input.leave?.() };
}

/** What keeps this answer from being accepted, in words; null when nothing does. Leaving a blank field isn't wrong yet. */
export function troubleOf(state, leaving = false) {
  if (!state.editable) return null;
  if (state.missing) return leaving ? null : state.requiredMessage || t('required');
  if (state.value !== '' && !state.valid) return state.constraintMessage || t('wrongValue');
  return null;
}

/** A text of the form with its inserted values standing apart. */
export function spoken({ interview: { texts }, node }, key) {
  const parts = texts.forms(key)?.[''];
  if (!Array.isArray(parts)) return parts ?? '';
  return parts.map((part) => (typeof part === 'string' ? part : inserted(texts.output(part, node)))).join('').trim();
}

/** Whether nothing that other questions say can change how this one looks. Its own value may still change. */
function isStill({ control, bind }, { form }) {
  const { texts } = form; // another object once more languages have come
  if (still.get(control)?.texts !== texts) still.set(control, { texts, settled: isSettled(control, bind, texts) });
  return still.get(control).settled;
}

function isSettled({ label, hint, choices }, bind, texts) {
  const plain = (parts) => !Array.isArray(parts) || parts.every((part) => typeof part === 'string');
  const fixed = (key) => Object.values(texts[key] ?? {}).every((forms) => Object.values(forms).every(plain));
  const steady = (rule) => !bind[rule] || ['true', 'false'].includes(bind[rule][1]);
  const listed = !choices || (choices.nodeset
    ? !/"\."|"\/"|"randomize"|"current"/.test(JSON.stringify(choices.nodeset)) && Object.keys(texts).every((key) => key.includes('/') || fixed(key))
    : choices.items.every((item) => fixed(item.label)));
  return fixed(label) && fixed(hint) && steady('required') && steady('readonly') && !bind.calculate && listed;
}
