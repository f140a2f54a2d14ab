/** What the list of questions, the page after a repeat and the end say. */
import { addTexts } from '../../texts.js';

const some = (n, one, many) => (n === 1 ? one : many.replace('{n}', n));

addTexts({
  contentsMore: ['{first}, y {n} más', '{first}, and {n} more'],
  contentsAnswered: ['contestada', 'answered'],
  contentsWrong: ['por corregir', 'to correct'],
  contentsOpen: ['sin contestar', 'not answered'],
  repeatMore: ['¿Agregar otra?', 'Add another?'],
  repeatAdd: ['Agregar', 'Add'],
  repeatRemove: ['Quitar la última', 'Remove the last one'],
  repeatRemoveAsk: ['¿Quitar la última y sus respuestas?', 'Remove the last one and its answers?'],
  repeatCount: [({ n }) => some(n, 'Hay 1 en la lista.', 'Hay {n} en la lista.'), ({ n }) => some(n, 'There is 1 on the list.', 'There are {n} on the list.')],
  start: ['Inicio de la entrevista', 'Start of the interview'],
  end: ['Fin de la entrevista', 'End of the interview'],
  endReady: ['Todo está contestado.', 'Everything is answered.'],
  endHelp: ['Al terminar, la entrevista pasa a la bandeja de salida y ya no se puede cambiar en este teléfono.', 'When you finish, the interview moves to the outbox and can no longer be changed on this phone.'],
  endProblems: [({ n }) => some(n, 'Falta revisar 1 respuesta', 'Falta revisar {n} respuestas'), ({ n }) => some(n, '1 answer needs attention', '{n} answers need attention')],
  finish: ['Terminar entrevista', 'Finish interview'],
  finishing: ['Guardando…', 'Saving…'],
});
