/** Controls that fewer interviews need: scales, orders, counters, dates in parts, lists that fold or lie side by side. */
import { addIcons } from '../../h.js';
import { addTexts } from '../../texts.js';

addTexts({
  rankHelp: ['Ordene con las flechas o arrastre; la primera es la más importante.', 'Order with the arrows, or drag; the first is the most important.'],
  rankConfirm: ['Este es el orden', 'This is the order'],
  moveUp: ['Subir: {label}', 'Move up: {label}'],
  moveDown: ['Bajar: {label}', 'Move down: {label}'],
  less: ['Menos', 'Less'],
  more: ['Más', 'More'],
  rangeNone: ['Sin respuesta', 'No answer yet'],
  rangeOutside: ['Escriba uno de los números de la escala.', 'Write one of the numbers of the scale.'],
  choose: ['Elegir…', 'Choose…'],
  stars: ['{n} de {total}', '{n} of {total}'],
  day: ['Día', 'Day'],
  month: ['Mes', 'Month'],
  year: ['Año', 'Year'],
  clock: ['Hora', 'Time'],
  done: ['Listo', 'Done'],
  showAnswer: ['Mostrar', 'Show'],
  chosenSome: ['{n} elegidas', '{n} chosen'],
});

addIcons({ star: 'M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.9-5.2 2.9 1-5.9L3.5 9.7l5.9-.8z' });

export { dateParts } from './dates.js';
export { folded } from './folded.js';
export { inline } from './inline.js';
export { rank } from './rank.js';
export { counter, range } from './scale.js';
export { address, masked } from './texts.js';
