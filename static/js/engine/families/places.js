// Areas, distances and places. A point is "latitude longitude altitude accuracy"; traces and shapes are points with ";"
// between them, or a list of nodes with a point each. What isn't a place makes NaN, or false.

import { FUNCTIONS } from '../library.js';
import { toText } from '../values.js';

const RADIUS = 6378100; // metres at the equator, as ODK's clients count
const radians = (degrees) => degrees * Math.PI / 180;

/** The points of one argument as [latitude, longitude], or null if any of them is no place. */
function pointsOf(value) {
  const texts = typeof value === 'object' ? value.map((node) => node.read) : [toText(value)];
  const points = texts.flatMap((text) => text.split(';')).map((text) => text.trim()).filter(Boolean).map(pointOf);
  return points.includes(null) ? null : points;
}

function pointOf(text) {
  const numbers = text.split(/\s+/).map(Number);
  const [latitude, longitude] = numbers;
  if (numbers.length < 2 || numbers.length > 4 || numbers.some(Number.isNaN)) return null;
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? [latitude, longitude] : null;
}

function metres([lat1, lon1], [lat2, lon2]) {
  const half = (a, b) => Math.sin(radians(b - a) / 2) ** 2;
  const h = half(lat1, lat2) + Math.cos(radians(lat1)) * Math.cos(radians(lat2)) * half(lon1, lon2);
  return 2 * RADIUS * Math.asin(Math.min(1, Math.sqrt(h)));
}

function distance(c, ...values) {
  const lists = values.map(pointsOf);
  if (lists.includes(null)) return NaN;
  const points = lists.flat();
  if (points.length < 2) return points.length ? 0 : NaN;
  return points.slice(1).reduce((total, point, i) => total + metres(points[i], point), 0);
}

function area(c, value) {
  const points = pointsOf(value);
  if (!points?.length) return NaN;
  if (points.length < 3) return 0;
  let sum = 0;
  points.forEach(([latitude, longitude], i) => {
    const [nextLatitude, nextLongitude] = points[(i + 1) % points.length];
    sum += radians(nextLongitude - longitude) * (2 + Math.sin(radians(latitude)) + Math.sin(radians(nextLatitude)));
  });
  return Math.abs(sum * RADIUS * RADIUS / 2);
}

const turn = ([ay, ax], [by, bx], [cy, cx]) => Math.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax));
const between = ([ay, ax], [by, bx], [cy, cx]) => Math.min(ax, bx) <= cx && cx <= Math.max(ax, bx) && Math.min(ay, by) <= cy && cy <= Math.max(ay, by);

/** Whether a point is inside a shape or on its border. */
function geofence(c, place, shape) {
  const point = pointsOf(place)?.[0], corners = pointsOf(shape);
  if (!point || !corners || corners.length < 3) return false;
  const sides = corners.map((corner, i) => [corner, corners[(i + 1) % corners.length]]);
  if (sides.some(([a, b]) => turn(a, b, point) === 0 && between(a, b, point))) return true;
  const [y, x] = point;
  return sides.filter(([a, b]) => a[0] > y !== b[0] > y && x < (b[1] - a[1]) * (y - a[0]) / (b[0] - a[0]) + a[1]).length % 2 === 1;
}

/** Whether a trace or shape crosses itself. */
function intersects(c, value) {
  const points = pointsOf(value);
  if (!points || points.length < 4) return false;
  const closed = String(points[0]) === String(points[points.length - 1]);
  const lines = points.slice(1).map((point, i) => [points[i], point]);
  return lines.some(([a, b], i) => lines.slice(i + 2).some(([d, e], j) => {
    if (closed && i === 0 && i + 2 + j === lines.length - 1) return false;
    return crosses(a, b, d, e);
  }));
}

function crosses(a, b, d, e) {
  const [p, q, r, s] = [turn(a, b, d), turn(a, b, e), turn(d, e, a), turn(d, e, b)];
  if (p !== q && r !== s) return true;
  return p === 0 && between(a, b, d) || q === 0 && between(a, b, e) || r === 0 && between(d, e, a) || s === 0 && between(d, e, b);
}

Object.assign(FUNCTIONS, {
  area: [1, 1, area],
  distance: [1, 999, distance],
  geofence: [2, 2, geofence],
  intersects: [1, 1, intersects],
});
