/**
 * What the app itself says; a form brings its own texts. `t('key', { n })` gives the text in the language of the moment.
 * What comes with the app stands here in Spanish and in rooms/english/ in English. Times and dates follow the phone's clock.
 */
import { tell } from './bus.js';

const some = (n, one, many) => (n === 1 ? one : many.replace('{n}', n));

export const TEXTS = {
  app: 'Encuesta de servicios',
  language: 'Idioma',
  otherLanguage: 'English',
  back: 'Atrás',
  next: 'Siguiente',
  home: 'Inicio',
  close: 'Cerrar',
  cancel: 'Cancelar',
  yesDelete: 'Sí, borrar',
  tryAgain: 'Intentar otra vez',
  demo: 'Demostración: datos inventados',
  demoShort: 'Demostración',

  enrolTitle: 'Inscribir este teléfono',
  newInterview: 'Nueva entrevista',
  drafts: 'Sin terminar',
  noForms: 'Todavía no hay formularios en este teléfono.',
  noFormsHelp: 'Se descargan solos cuando hay señal.',
  getForms: 'Buscar formularios',
  deleteDraft: 'Borrar',
  noWave: 'Sin ola abierta',

  queueNone: 'Todo enviado',
  queueWaiting: ({ n }) => some(n, '1 entrevista sin enviar', '{n} entrevistas sin enviar'),
  queueRefused: ({ n }) => some(n, '1 rechazada', '{n} rechazadas'),
  queueMedia: ({ n }) => some(n, 'faltan fotos o grabaciones de 1 entrevista', 'faltan fotos o grabaciones de {n} entrevistas'),
  queueShort: ({ n }) => `Sin enviar: ${n}`,
  queueBusy: 'Enviando…',
  queueAlone: 'Se envían solas cuando haya señal.',
  lastContact: 'Última conexión: {when}',
  neverContact: 'Sin conexión todavía',
  outbox: 'Bandeja de salida',
  reason: {
    offline: 'Sin señal o servidor apagado.',
    slow: 'La línea es muy lenta; se intentará otra vez.',
    portal: 'Contestó otra página, no la oficina. Si usa wifi, abra su página de acceso.',
    'unknown-phone': 'La oficina no reconoce este teléfono. Pida un enlace nuevo; nada se pierde.',
    'old-app': 'Esta aplicación es demasiado vieja para la oficina. Ábrala con señal y actualícela; nada se pierde.',
    busy: 'La oficina pide esperar un momento.',
    server: 'La oficina tuvo una falla; se intentará otra vez.',
    nonsense: 'La respuesta no se entiende; se intentará otra vez.',
    digest: 'Lo recibido no es igual a lo enviado; se intentará otra vez.',
    phone: 'El teléfono no pudo leer lo guardado; se intentará otra vez.',
  },

  savedAt: 'Guardado {when}',
  saving: 'Guardando…',
  saveFailed: 'No se pudo guardar en este teléfono. No cierre esta página.',
  saveFull: 'El teléfono no tiene espacio. Borre fotos o videos y toque “Intentar otra vez”. No cierre esta página.',
  progress: '{n} de unas {total}',
  contents: 'Lista de preguntas',
  required: 'Conteste esta pregunta para seguir.',
  placeAlone: 'Este formulario toma la ubicación por su cuenta…',
  guidance: 'Cómo preguntarla',
  optional: 'opcional',
  clear: 'Borrar la respuesta',
  change: 'Cambiar',
  search: 'Buscar en la lista',
  found: ({ n }) => some(n, '1 opción', '{n} opciones'),
  foundMore: 'se ven {n}',
  loading: 'Abriendo…',
  roomFailed: 'Esta parte de la aplicación no está en el teléfono todavía. Se descarga con señal.',
  noChoices: 'No hay opciones para lo que se contestó antes.',
  severalHint: 'Puede marcar varias',
  dontKnow: 'No sabe',
  noAnswer: 'No responde',
  now: 'Ahora',
  today: 'Hoy',
  wholeNumber: 'Escriba un número entero, sin letras.',
  anyNumber: 'Escriba un número, sin letras.',
  wrongValue: 'Esta respuesta no es válida.',
  badDate: 'Escriba una fecha u hora completa.',
  acknowledge: 'Entendido',
  endShort: 'Fin',
  finished: 'Entrevista terminada y guardada',
  saveAndLeave: 'Guardar y salir',
  openElsewhere: 'Esta entrevista está abierta en otra pestaña.',
  takeOver: 'Seguir aquí',
  takenOver: 'Otra pestaña siguió con esta entrevista.',
  gone: 'Esta entrevista ya no está en este teléfono.',
  languageComing: 'Los textos en este idioma vienen en camino.',
  formMissing: 'Falta el formulario de esta entrevista. Se descarga cuando haya señal.',
  formBroken: 'Este formulario no se puede abrir en este teléfono. Avise a la oficina.',

  phone: 'Este teléfono',
  install: 'Instalar la aplicación',
  updateReady: 'Hay una versión nueva de la aplicación.',
  updateNow: 'Actualizar',
  broken: 'Algo falló en la aplicación. Sus respuestas guardadas siguen en el teléfono.',
  storeBroken: 'El teléfono no pudo abrir lo guardado.',
  repair: 'Reparar…',
};

/** The same keys in English, once rooms/english/texts.js is here. */
export const ENGLISH = {};

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

/** Change it everywhere; unknown languages leave Spanish, and so does English that isn't on the phone yet. */
export async function setLanguage(code) {
  index = code === 'en' && (await import('./rooms/english/texts.js').catch(() => null)) ? 1 : 0;
  document.documentElement.lang = language();
  document.title = t('app');
  tell('language');
}

/** A text of the app; `key` may be 'reason.offline'. */
export function t(key, values = {}) {
  const entry = found(TEXTS, key);
  const text = Array.isArray(entry) ? entry[index] : (index === 1 && found(ENGLISH, key)) || entry;
  if (typeof text === 'function') return text(values);
  return typeof text === 'string' ? text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '') : key;
}

function found(texts, key) {
  return key.split('.').reduce((among, part) => among?.[part], texts);
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
