/** Draws a map onto its canvas, in the colours of the page: grid, outlines, shapes, the phone's own place, the scale bar. */
import { fromMap, pixelsPerMetre, toMap } from './geo.js';

const GRID_STEPS = [30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001];
const GRID_GAP = 90;
const BAR_LONGEST = 110;
const NAMES_FROM = 9000;

export function paint(canvas, view) {
  const { width, height } = view;
  const ratio = Math.min(2, devicePixelRatio || 1);
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const style = getComputedStyle(canvas);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const pen = canvas.getContext('2d');
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.lineJoin = 'round';
  pen.fillStyle = colour('paper');
  pen.fillRect(0, 0, width, height);
  const spot = (x, y) => [(x - view.x) * view.scale + width / 2, (y - view.y) * view.scale + height / 2];
  const font = (size, weight = 400) => { pen.font = `${weight} ${size}px system-ui, sans-serif`; };
  const tools = { pen, spot, colour, font, view };
  paintOutlines(tools);
  paintGrid(tools);
  view.lines.forEach((line) => stroke(tools, line, colour('edge'), 1.5));
  view.shapes.forEach((shape) => paintShape(tools, shape));
  if (view.me) paintMe(tools);
  if (view.crosshair) paintCrosshair(tools);
  paintBar(tools);
}

function paintOutlines({ pen, spot, colour, font, view }) {
  pen.fillStyle = colour('card');
  pen.strokeStyle = colour('edge');
  pen.lineWidth = 1;
  pen.beginPath();
  for (const { ring } of view.outlines) trace(pen, ring.map(([x, y]) => spot(x, y)), true);
  pen.fill();
  pen.stroke();
  if (view.scale < NAMES_FROM) return;
  font(13);
  pen.fillStyle = colour('soft');
  pen.textAlign = 'center';
  const taken = [];
  for (const { name, at } of view.outlines) {
    const [x, y] = spot(...at);
    const half = name ? pen.measureText(name).width / 2 + 4 : 0;
    const free = taken.every((other) => Math.abs(other.x - x) > other.half + half || Math.abs(other.y - y) > 15);
    if (!name || !free || x + half > view.width || x - half < 0) continue;
    taken.push({ x, y, half });
    pen.fillText(name, x, y);
  }
}

function trace(pen, spots, closed) {
  spots.forEach(([x, y], place) => (place ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  if (closed) pen.closePath();
}

function paintGrid({ pen, spot, colour, font, view }) {
  const step = GRID_STEPS.findLast((each) => (each / 360) * view.scale >= GRID_GAP) ?? 30;
  const [first, last] = [[0, 0], [view.width, view.height]].map(([px, py]) => fromMap([view.x + (px - view.width / 2) / view.scale, view.y + (py - view.height / 2) / view.scale]));
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  pen.strokeStyle = colour('line');
  pen.fillStyle = colour('soft');
  pen.lineWidth = 1;
  font(13);
  pen.textAlign = 'left';
  pen.beginPath();
  for (let lon = Math.ceil(first.lon / step) * step; lon <= last.lon; lon += step) {
    const [x] = spot(...toMap({ lat: 0, lon }));
    trace(pen, [[x, 0], [x, view.height]]);
    pen.fillText(`${lon.toFixed(digits)}°`, x + 3, 14);
  }
  for (let lat = Math.ceil(last.lat / step) * step; lat <= first.lat; lat += step) {
    const [, y] = spot(...toMap({ lat, lon: 0 }));
    trace(pen, [[0, y], [view.width, y]]);
    pen.fillText(`${lat.toFixed(digits)}°`, 4, y - 4);
  }
  pen.globalAlpha = 0.7;
  pen.stroke();
  pen.globalAlpha = 1;
}

function stroke({ pen, spot }, points, colour, width) {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.beginPath();
  trace(pen, points.map((point) => spot(...toMap(point))));
  pen.stroke();
}

function paintShape(tools, shape) {
  const { pen, spot, colour } = tools;
  const { points, kind, chosen, numbered } = shape;
  const ink = shape.colour ?? colour('accent');
  const spots = points.map((point) => spot(...toMap(point)));
  if (kind !== 'point' && spots.length > 1) {
    pen.beginPath();
    trace(pen, spots, kind === 'area');
    pen.strokeStyle = ink;
    pen.lineWidth = chosen ? 5 : 3;
    if (kind === 'area') {
      pen.globalAlpha = chosen ? 0.35 : 0.15;
      pen.fillStyle = ink;
      pen.fill();
      pen.globalAlpha = 1;
    }
    pen.stroke();
  }
  if (kind !== 'point' && !numbered) return;
  spots.forEach((at, place) => dot(tools, at, ink, { large: chosen || (numbered && place === spots.length - 1), ring: chosen }));
}

function dot({ pen, colour }, [x, y], ink, { large, ring }) {
  pen.beginPath();
  pen.arc(x, y, large ? 9 : 6.5, 0, 7);
  pen.fillStyle = ink;
  pen.strokeStyle = colour('card');
  pen.lineWidth = 2.5;
  pen.fill();
  pen.stroke();
  if (!ring) return;
  pen.beginPath();
  pen.arc(x, y, 14, 0, 7);
  pen.strokeStyle = ink;
  pen.stroke();
}

function paintMe(tools) {
  const { pen, spot, colour, view } = tools;
  const [x, y] = spot(...toMap(view.me));
  pen.beginPath();
  pen.arc(x, y, Math.max(8, view.me.acc * pixelsPerMetre(view.me.lat, view.scale)), 0, 7);
  pen.fillStyle = colour('accent');
  pen.globalAlpha = 0.15;
  pen.fill();
  pen.globalAlpha = 1;
  pen.strokeStyle = colour('accent');
  pen.lineWidth = 1;
  pen.stroke();
  pen.beginPath();
  pen.arc(x, y, 4, 0, 7);
  pen.fillStyle = colour('ink');
  pen.fill();
}

function paintCrosshair({ pen, colour, view }) {
  const [x, y] = [view.width / 2, view.height / 2];
  for (const [ink, width] of [[colour('card'), 5], [colour('ink'), 2]]) {
    pen.strokeStyle = ink;
    pen.lineWidth = width;
    pen.beginPath();
    trace(pen, [[x - 14, y], [x - 4, y]]);
    trace(pen, [[x + 4, y], [x + 14, y]]);
    trace(pen, [[x, y - 14], [x, y - 4]]);
    trace(pen, [[x, y + 4], [x, y + 14]]);
    pen.stroke();
  }
}

/** A bar of a round number of metres. */
function paintBar({ pen, colour, font, view }) {
  const perMetre = pixelsPerMetre(fromMap([view.x, view.y]).lat, view.scale);
  const power = 10 ** Math.floor(Math.log10(BAR_LONGEST / perMetre));
  const metres = [5, 2, 1].map((digit) => digit * power).find((each) => each * perMetre <= BAR_LONGEST) ?? power;
  const [x, y, length] = [12, view.height - 12, metres * perMetre];
  const words = metres >= 1000 ? `${metres / 1000} km` : `${Number(metres.toPrecision(1))} m`;
  font(14, 600);
  pen.textAlign = 'left';
  pen.lineWidth = 4;
  pen.strokeStyle = colour('card');
  pen.strokeText(words, x + 4, y - 6);
  pen.fillStyle = colour('ink');
  pen.fillText(words, x + 4, y - 6);
  pen.lineWidth = 2;
  pen.strokeStyle = colour('ink');
  pen.beginPath();
  trace(pen, [[x, y - 5], [x, y], [x + length, y], [x + length, y - 5]]);
  pen.stroke();
}
