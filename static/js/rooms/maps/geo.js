/**
 * Places in ODK's formats and what can be computed of them. A point is { lat, lon, alt, acc }; a line or area is a row of
 * points, stored as "lat lon alt acc; lat lon alt acc"; the last point of an area is its first again.
 */
const EARTH = 6378100.0; // metres, as in the forms' own functions
const RADIANS = Math.PI / 180;

export function readPoints(value) {
  return value.split(';').map((part) => part.trim()).filter(Boolean).map((part) => {
    const [lat, lon, alt = 0, acc = 0] = part.split(/\s+/).map(Number);
    return { lat, lon, alt, acc };
  }).filter(({ lat, lon }) => isPlace(lat, lon));
}

export function isPlace(lat, lon) {
  return Number.isFinite(lat) && Number.isFinite(lon) && Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
}

/** A point as it is stored: degrees to a centimetre, metres to a decimal. */
export function writePoint({ lat, lon, alt, acc }) {
  const short = (n, digits) => String(Number((n || 0).toFixed(digits)));
  return [short(lat, 7), short(lon, 7), short(alt, 1), short(acc, 1)].join(' ');
}

export function writePoints(points) {
  return points.map(writePoint).join(';');
}

/** What the browser measured, as a point. */
export function pointOf({ coords }) {
  return { lat: coords.latitude, lon: coords.longitude, alt: coords.altitude ?? 0, acc: coords.accuracy };
}

/** The mean of several readings, nearer ones counting more; as accurate as the best of them, not more. */
export function average(points) {
  const weights = points.map(({ acc }) => 1 / Math.max(acc, 1) ** 2);
  const sum = weights.reduce((a, b) => a + b, 0);
  const mean = (key) => points.reduce((total, point, place) => total + weights[place] * point[key], 0) / sum;
  return { lat: mean('lat'), lon: mean('lon'), alt: mean('alt'), acc: Math.min(...points.map(({ acc }) => acc)) };
}

/** Metres between two points. */
export function distance(a, b) {
  const [dLat, dLon] = [(b.lat - a.lat) * RADIANS, (b.lon - a.lon) * RADIANS];
  const x = Math.sin(dLat / 2) ** 2 + Math.cos(a.lat * RADIANS) * Math.cos(b.lat * RADIANS) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH * Math.asin(Math.min(1, Math.sqrt(x)));
}

export function lengthOf(points) {
  return points.slice(1).reduce((sum, point, place) => sum + distance(points[place], point), 0);
}

/** Square metres inside a ring of points. */
export function areaOf(points) {
  let sum = 0;
  points.forEach((a, place) => {
    const b = points[(place + 1) % points.length];
    sum += (b.lon - a.lon) * RADIANS * (2 + Math.sin(a.lat * RADIANS) + Math.sin(b.lat * RADIANS));
  });
  return Math.abs((sum * EARTH * EARTH) / 2);
}

/** Longitude and latitude on the square of Mercator's map, 0 to 1. */
export function toMap({ lat, lon }) {
  const s = Math.sin(Math.min(85, Math.max(-85, lat)) * RADIANS);
  return [lon / 360 + 0.5, 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI)];
}

export function fromMap([x, y]) {
  return { lat: Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) / RADIANS, lon: (x - 0.5) * 360 };
}

/** Pixels for a metre at a latitude, on a map of `scale` pixels around the Earth. */
export function pixelsPerMetre(lat, scale) {
  return scale / (2 * Math.PI * EARTH * Math.cos(lat * RADIANS));
}

/** 'point', 'line' or 'area'. */
export function shapeOf(points) {
  if (points.length < 2) return 'point';
  const [first, last] = [points[0], points.at(-1)];
  return points.length > 3 && first.lat === last.lat && first.lon === last.lon ? 'area' : 'line';
}

/** Lines of a GeoJSON text as rows of points; nothing for what can't be read. */
export function linesOfGeoJson(text) {
  const lines = [];
  const visit = (coordinates) => {
    if (typeof coordinates?.[0]?.[0] === 'number') lines.push(coordinates.map(([lon, lat]) => ({ lat, lon })));
    else if (Array.isArray(coordinates?.[0])) coordinates.forEach(visit);
  };
  try {
    const { features = [] } = JSON.parse(text);
    features.forEach(({ geometry }) => visit(geometry?.coordinates));
  } catch {
    return [];
  }
  return lines;
}
