/**
 * What the app itself says, in Spanish and English; a form brings its own texts. `t('key', { n })` gives the text in the
 * language of the moment. Times and dates follow the phone's clock.
 */
import { tell } from './bus.js';

const some = (n, one, many) => (n === 1 ? one : many.replace('{n}', n));

export const TEXTS = {
  app: ['Encuesta de servicios', 'Service survey'],
  language: ['Idioma', 'Language'],
  otherLanguage: ['English', 'Español'],
  back: ['Atrás', 'Back'],
  next: ['Siguiente', 'Next'],
  home: ['Inicio', 'Home'],
  close: ['Cerrar', 'Close'],
  cancel: ['Cancelar', 'Cancel'],
  yesDelete: ['Sí, borrar', 'Yes, delete'],
  tryAgain: ['Intentar otra vez', 'Try again'],
  demo: ['Demostración: datos inventados', 'Demo: invented data'],
  demoShort: ['Demostración', 'Demo'],

  enrolTitle: ['Inscribir este teléfono', 'Enrol this phone'],
  newInterview: ['Nueva entrevista', 'New interview'],
  drafts: ['Sin terminar', 'Unfinished'],
  noForms: ['Todavía no hay formularios en este teléfono.', 'There are no forms on this phone yet.'],
  noFormsHelp: ['Se descargan solos cuando hay señal.', 'They download by themselves when there is a signal.'],
  getForms: ['Buscar formularios', 'Look for forms'],
  draftProgress: ['{done} de unas {total}', '{done} of about {total}'],
  draftUntitled: ['Sin identificar', 'Not identified yet'],
  deleteDraft: ['Borrar', 'Delete'],
  deleteDraftAsk: ['¿Borrar esta entrevista sin terminar? Sus respuestas se pierden.', 'Delete this unfinished interview? Its answers will be lost.'],
  noWave: ['Sin ola abierta', 'No open wave'],

  queueNone: ['Todo enviado', 'Everything sent'],
  queueWaiting: [({ n }) => some(n, '1 entrevista sin enviar', '{n} entrevistas sin enviar'), ({ n }) => some(n, '1 interview not sent', '{n} interviews not sent')],
  queueRefused: [({ n }) => some(n, '1 rechazada', '{n} rechazadas'), ({ n }) => some(n, '1 refused', '{n} refused')],
  queueMedia: [({ n }) => some(n, 'faltan fotos o grabaciones de 1 entrevista', 'faltan fotos o grabaciones de {n} entrevistas'), ({ n }) => some(n, 'photos or recordings of 1 interview missing', 'photos or recordings of {n} interviews missing')],
  queueShort: [({ n }) => `Sin enviar: ${n}`, ({ n }) => `Not sent: ${n}`],
  queueBusy: ['Enviando…', 'Sending…'],
  queueAlone: ['Se envían solas cuando haya señal.', 'They are sent by themselves when there is a signal.'],
  lastContact: ['Última conexión: {when}', 'Last contact: {when}'],
  neverContact: ['Sin conexión todavía', 'No contact yet'],
  outbox: ['Bandeja de salida', 'Outbox'],
  draftNewer: ['Hay una versión nueva del formulario ({version}): ver qué pasa a ella', 'The form has a newer version ({version}): see what moves to it'],
  reason: {
    offline: ['Sin señal o servidor apagado.', 'No signal, or the server is off.'],
    slow: ['La línea es muy lenta; se intentará otra vez.', 'The line is too slow; it will be tried again.'],
    portal: ['Contestó otra página, no la oficina. Si usa wifi, abra su página de acceso.', 'Another page answered, not the office. On wifi, open its sign-in page.'],
    'unknown-phone': ['La oficina no reconoce este teléfono. Pida un enlace nuevo; nada se pierde.', 'The office does not recognise this phone. Ask for a new link; nothing is lost.'],
    'old-app': ['Esta aplicación es demasiado vieja para la oficina. Ábrala con señal y actualícela; nada se pierde.', 'This app is too old for the office. Open it with a signal and update it; nothing is lost.'],
    busy: ['La oficina pide esperar un momento.', 'The office asks to wait a moment.'],
    server: ['La oficina tuvo una falla; se intentará otra vez.', 'The office had a fault; it will be tried again.'],
    nonsense: ['La respuesta no se entiende; se intentará otra vez.', 'The answer makes no sense; it will be tried again.'],
    digest: ['Lo recibido no es igual a lo enviado; se intentará otra vez.', 'What arrived is not what was sent; it will be tried again.'],
    phone: ['El teléfono no pudo leer lo guardado; se intentará otra vez.', 'The phone could not read its storage; it will be tried again.'],
  },

  savedAt: ['Guardado {when}', 'Saved {when}'],
  saving: ['Guardando…', 'Saving…'],
  saveFailed: ['No se pudo guardar en este teléfono. No cierre esta página.', 'It could not be saved on this phone. Do not close this page.'],
  saveFull: ['El teléfono no tiene espacio. Borre fotos o videos y toque “Intentar otra vez”. No cierre esta página.', 'The phone has no space left. Delete photos or videos and tap “Try again”. Do not close this page.'],
  progress: ['{n} de unas {total}', '{n} of about {total}'],
  contents: ['Lista de preguntas', 'List of questions'],
  contentsMore: ['{first}, y {n} más', '{first}, and {n} more'],
  contentsAnswered: ['contestada', 'answered'],
  contentsWrong: ['por corregir', 'to correct'],
  contentsOpen: ['sin contestar', 'not answered'],
  required: ['Conteste esta pregunta para seguir.', 'Answer this question to go on.'],
  placeAlone: ['Este formulario toma la ubicación por su cuenta…', 'This form is taking the location by itself…'],
  guidance: ['Cómo preguntarla', 'How to ask it'],
  optional: ['opcional', 'optional'],
  clear: ['Borrar la respuesta', 'Clear the answer'],
  change: ['Cambiar', 'Change'],
  search: ['Buscar en la lista', 'Search the list'],
  found: [({ n }) => some(n, '1 opción', '{n} opciones'), ({ n }) => some(n, '1 option', '{n} options')],
  foundMore: ['se ven {n}', '{n} shown'],
  loading: ['Abriendo…', 'Opening…'],
  roomFailed: ['Esta parte de la aplicación no está en el teléfono todavía. Se descarga con señal.', 'This part of the app is not on the phone yet. It downloads with a signal.'],
  noChoices: ['No hay opciones para lo que se contestó antes.', 'There are no options for what was answered before.'],
  severalHint: ['Puede marcar varias', 'Several may be marked'],
  dontKnow: ['No sabe', 'Does not know'],
  noAnswer: ['No responde', 'No answer'],
  now: ['Ahora', 'Now'],
  today: ['Hoy', 'Today'],
  wholeNumber: ['Escriba un número entero, sin letras.', 'Write a whole number, without letters.'],
  anyNumber: ['Escriba un número, sin letras.', 'Write a number, without letters.'],
  wrongValue: ['Esta respuesta no es válida.', 'This answer is not valid.'],
  badDate: ['Escriba una fecha u hora completa.', 'Write a complete date or time.'],
  acknowledge: ['Entendido', 'Understood'],
  repeatMore: ['¿Agregar otra?', 'Add another?'],
  repeatAdd: ['Agregar', 'Add'],
  repeatRemove: ['Quitar la última', 'Remove the last one'],
  repeatRemoveAsk: ['¿Quitar la última y sus respuestas?', 'Remove the last one and its answers?'],
  repeatCount: [({ n }) => some(n, 'Hay 1 en la lista.', 'Hay {n} en la lista.'), ({ n }) => some(n, 'There is 1 on the list.', 'There are {n} on the list.')],
  start: ['Inicio de la entrevista', 'Start of the interview'],
  end: ['Fin de la entrevista', 'End of the interview'],
  endShort: ['Fin', 'End'],
  endReady: ['Todo está contestado.', 'Everything is answered.'],
  endHelp: ['Al terminar, la entrevista pasa a la bandeja de salida y ya no se puede cambiar en este teléfono.', 'When you finish, the interview moves to the outbox and can no longer be changed on this phone.'],
  endProblems: [({ n }) => some(n, 'Falta revisar 1 respuesta', 'Falta revisar {n} respuestas'), ({ n }) => some(n, '1 answer needs attention', '{n} answers need attention')],
  finish: ['Terminar entrevista', 'Finish interview'],
  finishing: ['Guardando…', 'Saving…'],
  finished: ['Entrevista terminada y guardada', 'Interview finished and saved'],
  saveAndLeave: ['Guardar y salir', 'Save and leave'],
  openElsewhere: ['Esta entrevista está abierta en otra pestaña.', 'This interview is open in another tab.'],
  takeOver: ['Seguir aquí', 'Continue here'],
  takenOver: ['Otra pestaña siguió con esta entrevista.', 'Another tab went on with this interview.'],
  gone: ['Esta entrevista ya no está en este teléfono.', 'This interview is no longer on this phone.'],
  formMissing: ['Falta el formulario de esta entrevista. Se descarga cuando haya señal.', 'The form of this interview is missing. It downloads when there is a signal.'],
  formBroken: ['Este formulario no se puede abrir en este teléfono. Avise a la oficina.', 'This form cannot be opened on this phone. Tell the office.'],

  phone: ['Este teléfono', 'This phone'],
  install: ['Instalar la aplicación', 'Install the app'],
  installHelp: ['Queda en la pantalla de inicio y abre sin señal.', 'It sits on the home screen and opens without a signal.'],
  updateReady: ['Hay una versión nueva de la aplicación.', 'There is a new version of the app.'],
  updateNow: ['Actualizar', 'Update'],
  broken: ['Algo falló en la aplicación. Sus respuestas guardadas siguen en el teléfono.', 'Something failed in the app. Your saved answers are still on the phone.'],
  storeBroken: ['El teléfono no pudo abrir lo guardado.', 'The phone could not open its storage.'],
  repair: ['Reparar…', 'Repair…'],
};

/** A room that is loaded when needed brings its own texts: { key: ['español', 'English'], … }. */
export function addTexts(more) {
  Object.assign(TEXTS, more);
}

let index = 0;

/** The app's language: 'es' or 'en'. */
export function language() {
  return index === 0 ? 'es' : 'en';
}

/** Its variant spoken here, for numbers and dates: 'es-GT' on a phone of Guatemala. */
export function locale() {
  return navigator.language.startsWith(language()) ? navigator.language : language();
}

/** Change it everywhere; unknown languages leave Spanish. */
export function setLanguage(code) {
  index = code === 'en' ? 1 : 0;
  document.documentElement.lang = language();
  document.title = t('app');
  tell('language');
}

/** A text of the app; `key` may be 'reason.offline'. */
export function t(key, values = {}) {
  const entry = key.split('.').reduce((texts, part) => texts?.[part], TEXTS);
  if (!Array.isArray(entry)) return key;
  const text = entry[index];
  if (typeof text === 'function') return text(values);
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
}

/** A title that comes in several languages ({ es, en } or { "Español (es)": … } or plain text), in ours. */
export function titleOf(title) {
  if (typeof title === 'string') return ours(title.split(' / '));
  const names = Object.keys(title ?? {});
  const name = names.find((candidate) => languageCode(candidate) === language()) ?? names[0];
  return name === undefined ? '' : ours(String(title[name]).split(' / '));
}

/** "Español (es)" -> "es"; a name without a code is its own code. */
export function languageCode(name) {
  return /\(([\w-]+)\)\s*$/.exec(name)?.[1] ?? name;
}

function ours(parts) {
  return parts.length === 2 ? parts[index] : parts.join(' / ');
}

/** "14:02" today, "ayer 14:02", or a date with the time. */
export function whenText(iso) {
  const when = new Date(iso);
  const time = `${String(when.getHours()).padStart(2, '0')}:${String(when.getMinutes()).padStart(2, '0')}`;
  const days = Math.round((startOfDay(new Date()) - startOfDay(when)) / 86_400_000);
  if (days === 0) return time;
  if (days === 1) return `${language() === 'es' ? 'ayer' : 'yesterday'} ${time}`;
  return `${when.toLocaleDateString(language(), { day: 'numeric', month: 'short' })} ${time}`;
}

/** "hace 5 minutos", "hace 2 días". */
export function ageText(iso) {
  const minutes = Math.max(0, Math.round((Date.now() - new Date(iso)) / 60_000));
  const [amount, unit] = minutes < 60 ? [minutes, 'minute'] : minutes < 2880 ? [Math.round(minutes / 60), 'hour'] : [Math.round(minutes / 1440), 'day'];
  if (amount === 0) return language() === 'es' ? 'ahora mismo' : 'just now';
  return new Intl.RelativeTimeFormat(language(), { numeric: 'always' }).format(-amount, unit);
}

function startOfDay(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
