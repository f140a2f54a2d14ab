/**
 * A select question answered on a drawing: regions of an SVG whose ids are the choices. The drawing is built anew from what
 * is known to be harmless; scripts, links and outside content in it are left out. Choices without a region stand below it.
 */
import { fill, h } from '../../h.js';
import { t } from '../../texts.js';
import { readFormFile } from './formfiles.js';
import { buildDrawing } from './drawing.js';

export function imageMap(question, context) {
  const several = question.control.kind === 'select';
  const element = h('div.media.image-map', { role: several ? 'group' : 'radiogroup', ...context.naming });
  const chosen = h('p.media-status', { role: 'status' });
  let regions = new Map();

  const valuesOf = (state) => state.value.split(' ').filter(Boolean);

  function pick(value) {
    const state = context.state();
    const before = valuesOf(state);
    const after = !several ? [value] : before.includes(value) ? before.filter((each) => each !== value) : [...before, value];
    context.answer(state.choices.map((choice) => choice.value).filter((each) => after.includes(each)).join(' '));
    redraw(context.state());
  }

  function region(shape, choice) {
    shape.setAttribute('role', several ? 'checkbox' : 'radio');
    shape.setAttribute('tabindex', '0');
    shape.classList.add('media-region');
    shape.addEventListener('click', () => pick(choice.value));
    shape.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      pick(choice.value);
    });
    regions.set(choice.value, shape);
  }

  function rows(state) {
    const values = valuesOf(state);
    return state.choices.filter(({ value }) => !regions.has(value)).map((choice) => h('label.choice', {},
      h('input', { type: several ? 'checkbox' : 'radio', name: context.id, value: choice.value, checked: values.includes(choice.value), onchange: () => pick(choice.value) }),
      h('span', {}, choice.label)));
  }

  function redraw(state) {
    const values = valuesOf(state);
    for (const choice of state.choices) {
      const shape = regions.get(choice.value);
      shape?.setAttribute('aria-checked', String(values.includes(choice.value)));
      shape?.setAttribute('aria-label', choice.label);
    }
    const labels = state.choices.filter(({ value }) => values.includes(value)).map(({ label }) => label);
    fill(chosen, labels.length ? t('mapChosen', { labels: labels.join(', ') }) : t('mapNone'));
    fill(element.lastElementChild, ...rows(state));
  }

  async function open() {
    const state = context.state();
    const drawing = await openDrawing(state.media.image ?? state.media['big-image'], context.filling);
    regions = new Map();
    for (const choice of state.choices) {
      const shape = drawing?.regions.get(choice.value);
      if (shape) region(shape, choice);
    }
    fill(element, h('p.hint', {}, t(drawing ? 'mapTap' : 'mapMissing')), drawing?.svg ?? null, chosen, h('div.choices', {}));
    redraw(context.state());
  }

  fill(element, chosen, h('div.choices', {}));
  redraw(context.state());
  open();
  return { element, redraw };
}

async function openDrawing(name, filling) {
  const file = await readFormFile(filling?.form, name).catch(() => null);
  return file ? buildDrawing(await file.text()) : null;
}
