/** The switches for how the app looks: on the page of the phone, and in the interview's list of questions. */
import { h } from '../../h.js';
import { looks, setLooks } from '../../looks.js';
import { addTexts, t } from '../../texts.js';

addTexts({
  looks: ['Aspecto', 'Appearance'],
  looksAuto: ['Como el teléfono', 'Like the phone'],
  looksLight: ['Claro', 'Light'],
  looksDark: ['Oscuro', 'Dark'],
  looksSun: ['Para el sol', 'For sunlight'],
  looksPages: ['Preguntas en la pantalla', 'Questions on the screen'],
  looksOne: ['De una en una', 'One at a time'],
  looksWhole: ['Toda la sección', 'The whole section'],
});

/** A part of a page. `changed()` is called when the questions are to lie otherwise. */
export function looksPart({ whole = true, changed = () => {} } = {}) {
  const { scheme } = looks();
  return h('section.looks', {}, h('h2', {}, t('looks')),
    options('scheme', 'looks', [['', 'looksAuto'], ['light', 'looksLight'], ['dark', 'looksDark'], ['sun', 'looksSun']], scheme, (value) => setLooks({ scheme: value })),
    whole ? options('whole', 'looksPages', [[false, 'looksOne'], [true, 'looksWhole']], looks().whole, (value) => { setLooks({ whole: value }); changed(); }) : null);
}

function options(name, label, all, now, choose) {
  return h('div.cells', { role: 'radiogroup', 'aria-label': t(label) }, all.map(([value, words]) => h('label.cell', {},
    h('input', { type: 'radio', name: `looks-${name}`, checked: value === now, onchange: () => choose(value) }), h('span', {}, t(words)))));
}
