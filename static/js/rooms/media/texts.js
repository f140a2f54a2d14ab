/** What the media room says. */
import { addTexts } from '../../texts.js';

const some = (n, one, many) => (n === 1 ? one : many.replace('{n}', n));

addTexts({
  mediaTakePhoto: ['Tomar foto', 'Take a photo'],
  mediaRecord: ['Grabar', 'Record'],
  mediaRecordVideo: ['Grabar video', 'Record a video'],
  mediaRecordAgain: ['Grabar otra vez', 'Record again'],
  mediaStop: ['Detener', 'Stop'],
  mediaChoose: ['Elegir archivo', 'Choose a file'],
  mediaChange: ['Cambiar', 'Change'],
  mediaRemove: ['Quitar', 'Remove'],
  mediaRemoveAsk: ['¿Quitar este archivo? No se puede recuperar.', 'Remove this file? It cannot be brought back.'],
  mediaSaving: ['Guardando en este teléfono…', 'Saving on this phone…'],
  mediaSaved: ['Guardado en este teléfono · {size}', 'Saved on this phone · {size}'],
  mediaPreview: ['Vista de la imagen guardada', 'The picture that is saved'],
  mediaSavedSound: ['Grabación guardada', 'The recording that is saved'],
  mediaRecording: ['Grabando', 'Recording'],
  mediaNotPicture: ['El teléfono no puede abrir esa imagen. Elija otra, o tome la foto aquí.', 'This phone cannot open that picture. Choose another, or take the photo here.'],
  mediaTooLarge: ['Ese archivo mide {size} y el límite es {limit}. Elija uno más corto o más pequeño.', 'That file is {size} and the limit is {limit}. Choose a shorter or smaller one.'],
  mediaEmpty: ['Ese archivo está vacío. Elija otro.', 'That file is empty. Choose another.'],
  mediaWrongKind: ['Ese archivo no es del tipo que se pide. Elija otro.', 'That file is not of the kind asked for. Choose another.'],
  mediaNotSaved: ['No se pudo guardar el archivo. Intente otra vez; sus respuestas siguen guardadas.', 'The file could not be saved. Try again; your answers are still saved.'],
  mediaNoRoom: ['El teléfono no tiene espacio para este archivo. Borre fotos o videos e intente otra vez; sus respuestas siguen guardadas.', 'The phone has no room for this file. Delete photos or videos and try again; your answers are still saved.'],
  mediaGone: ['El archivo de esta respuesta ya no está en el teléfono. Hágalo otra vez.', 'The file of this answer is no longer on the phone. Make it again.'],
  mediaMicDenied: ['El teléfono no dio permiso para el micrófono. Actívelo en los ajustes del navegador, o elija un archivo. La entrevista puede seguir.', 'The phone did not allow the microphone. Turn it on in the browser settings, or choose a file. The interview can go on.'],
  mediaCameraDenied: ['El teléfono no dio permiso para la cámara. Actívelo en los ajustes del navegador, o elija un archivo. La entrevista puede seguir.', 'The phone did not allow the camera. Turn it on in the browser settings, or choose a file. The interview can go on.'],
  mediaNoDevice: ['Este teléfono no tiene cámara o micrófono que se pueda usar ahora. Elija un archivo.', 'This phone has no camera or microphone that can be used now. Choose a file.'],
  mediaNoRecorder: ['Este navegador no puede grabar. Elija un archivo.', 'This browser cannot record. Choose a file.'],
  mediaLimitReached: ['La grabación llegó al límite y se guardó.', 'The recording reached the limit and was saved.'],
  mediaFile: ['Archivo {name}', 'File {name}'],

  drawHere: ['Dibuje con el dedo', 'Draw with your finger'],
  drawSign: ['Firme con el dedo', 'Sign with your finger'],
  drawOnPhoto: ['Dibuje sobre la foto', 'Draw on the photo'],
  drawCanvas: [({ n }) => some(n, 'Lienzo con 1 trazo', 'Lienzo con {n} trazos'), ({ n }) => some(n, 'Canvas with 1 stroke', 'Canvas with {n} strokes')],
  drawUndo: ['Deshacer', 'Undo'],
  drawClear: ['Borrar todo', 'Clear all'],
  drawAlternative: ['Sin pantalla táctil: elija un archivo con la imagen.', 'Without a touch screen: choose a file with the picture.'],
  drawColour: ['Color', 'Colour'],
  drawBlack: ['Negro', 'Black'],
  drawRed: ['Rojo', 'Red'],
  drawBlue: ['Azul', 'Blue'],
  drawYellow: ['Amarillo', 'Yellow'],

  codeScan: ['Escanear el código', 'Scan the code'],
  codeStop: ['Dejar de escanear', 'Stop scanning'],
  codeLook: ['Apunte la cámara al código', 'Point the camera at the code'],
  codeType: ['Código', 'Code'],
  codeDenied: ['No se pudo usar la cámara. Escriba el código.', 'The camera could not be used. Type the code.'],
  codeFound: ['Código leído', 'Code read'],

  mapTap: ['Toque en la imagen', 'Tap on the picture'],
  mapChosen: ['Elegido: {labels}', 'Chosen: {labels}'],
  mapNone: ['Nada elegido', 'Nothing chosen'],
  mapMissing: ['La imagen no está en este teléfono. Elija de la lista.', 'The picture is not on this phone. Choose from the list.'],

  backgroundOn: ['Se está grabando el audio de la entrevista', 'The sound of the interview is being recorded'],
  backgroundDenied: ['Este formulario pide grabar el audio y el teléfono no dio permiso. La entrevista puede seguir sin grabación.', 'This form asks to record sound and the phone did not allow it. The interview can go on without a recording.'],
  backgroundFailed: ['La grabación del audio se detuvo. La entrevista puede seguir.', 'The recording of sound stopped. The interview can go on.'],

  auditWho: ['¿Quién hace esta entrevista?', 'Who is doing this interview?'],
  auditWhoHelp: ['El formulario lleva registro de quién contesta cada vez.', 'The form keeps a log of who fills it in each time.'],
  auditGo: ['Seguir', 'Go on'],

  bigImage: ['Ver en grande', 'See it large'],
});
