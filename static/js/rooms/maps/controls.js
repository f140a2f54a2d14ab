/** Controls for places: a point, a line or an area, and a choice from a map. Nothing here needs a network. */
import { addIcons } from '../../h.js';
import { addTexts } from '../../texts.js';

addTexts({
  placeTake: ['Tomar la ubicación', 'Take the location'],
  placeAgain: ['Tomarla otra vez', 'Take it again'],
  placeKeep: ['Usar esta', 'Use this one'],
  placeBusy: ['Buscando satélites…', 'Looking for satellites…'],
  placeAccuracy: ['Precisión: {n} m', 'Accuracy: {n} m'],
  placeReadings: [({ n }) => `Promedio de ${n} lecturas`, ({ n }) => `Mean of ${n} readings`],
  placeWanted: ['Se toma sola al llegar a {n} m.', 'It is taken by itself at {n} m.'],
  placePoor: ['Precisión baja: más de {n} m. Espere a cielo abierto si puede.', 'Low accuracy: over {n} m. Wait in the open if you can.'],
  placeDenied: ['El teléfono no dio permiso para la ubicación. Actívelo en los ajustes del navegador.', 'The phone did not allow the location. Turn it on in the browser settings.'],
  placeFailed: ['No se pudo tomar la ubicación. Salga a cielo abierto e intente otra vez.', 'The location could not be taken. Step into the open and try again.'],
  placeTaken: ['Ubicación tomada', 'Location taken'],
  placeHere: ['Poner el punto aquí', 'Put the point here'],
  map: ['Mapa. Flechas: mover. Más y menos: acercar y alejar. Entrar: tocar el centro.', 'Map. Arrows: move. Plus and minus: zoom. Enter: tap the centre.'],
  mapIn: ['Acercar', 'Zoom in'],
  mapOut: ['Alejar', 'Zoom out'],
  mapMe: ['Dónde estoy', 'Where I am'],
  mapAll: ['Ver todo', 'See all'],
  addPoint: ['Agregar aquí', 'Add here'],
  addMine: ['Mi posición', 'My position'],
  walk: ['Caminar', 'Walk'],
  walkStop: ['Parar', 'Stop'],
  undo: ['Deshacer', 'Undo'],
  pointsHelp: ['Toque el mapa para agregar puntos, o camine con el teléfono.', 'Tap the map to add points, or walk with the phone.'],
  pointsList: [({ n }) => (n === 1 ? 'Lista: 1 punto' : `Lista: ${n} puntos`), ({ n }) => (n === 1 ? 'List: 1 point' : `List: ${n} points`)],
  pointNumber: ['Punto {n}', 'Point {n}'],
  pointRemove: ['Quitar el punto {n}', 'Remove point {n}'],
  latitude: ['Latitud', 'Latitude'],
  longitude: ['Longitud', 'Longitude'],
  pointAdd: ['Agregar por coordenadas', 'Add by coordinates'],
  badPlace: ['La latitud va de -90 a 90 y la longitud de -180 a 180.', 'Latitude goes from -90 to 90, longitude from -180 to 180.'],
  traceShort: ['Faltan puntos: una línea necesita 2.', 'Points are missing: a line needs 2.'],
  shapeShort: ['Faltan puntos: un área necesita 3.', 'Points are missing: an area needs 3.'],
  traceState: [({ n, length }) => `${n} puntos · ${length}`, ({ n, length }) => `${n} points · ${length}`],
  shapeState: [({ n, length, area }) => `${n} puntos · ${length} · ${area}`, ({ n, length, area }) => `${n} points · ${length} · ${area}`],
  mapChoose: ['Toque un lugar del mapa.', 'Tap a place on the map.'],
  mapChosen: ['Elegido: {label}', 'Chosen: {label}'],
  mapList: ['Elegir de la lista', 'Choose from the list'],
});

addIcons({
  target: 'M12 2.5v4M12 17.5v4M2.5 12h4M17.5 12h4M12 17a5 5 0 1 0 0-10 5 5 0 0 0 0 10z',
  whole: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  undo: 'M8 5L4 9l4 4M4 9h10a5 5 0 0 1 0 10h-3',
  walk: 'M13 5.5v.01M9 20l3-6-2-3 2-3 3 3h3M12 14l3 2 1 4M8 11l2-3h3',
  stop: 'M7 7h10v10H7z',
});

export { chooseOnMap } from './choose.js';
export { place } from './point.js';
export { shape, trace } from './lines.js';
