/** What is said when another PIN is chosen, in both languages. */
import { addTexts } from '../../texts.js';
import './texts.js';

addTexts({
  changeTitle: ['Cambiar', 'Change it'],
  changeOld: ['El de ahora', 'The one now'],
  changeNew: ['El nuevo', 'The new one'],
  changeEmpty: ['Escriba también el de emergencia, si quiere tener uno.', 'Write the emergency one too, if you want to have one.'],
  changeDo: ['Cambiar', 'Change'],
  changeDone: ['Cambiado.', 'Changed.'],
  changeWrong: ['El de ahora no es correcto.', 'The one now is not correct.'],
  strongerTitle: ['La oficina pide más protección', 'The office asks for more protection'],
  strongerWhy: ['Desde ahora no basta el PIN en este programa. Elija con qué abrirá el teléfono; las entrevistas a medias se conservan.', 'A PIN is no longer enough in this programme. Choose what will open the phone; unfinished interviews are kept.'],
});
