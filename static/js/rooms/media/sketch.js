/**
 * Drawing with a finger, a pen or a mouse: free (draw), on a photo (annotate) or a signature. Saved after every stroke. Who
 * can't draw on a screen chooses a file with the picture.
 */
import { fill, h } from '../../h.js';
import { t } from '../../texts.js';
import { holder } from './holder.js';
import { waysToPicture } from './photo.js';
import { asBlob, fitPicture, longestSide, makeCanvas } from './pictures.js';

const COLOURS = { drawBlack: '#111', drawRed: '#c8102e', drawBlue: '#0b4fb3', drawYellow: '#ffd400' };
const WORDS = { draw: 'drawHere', signature: 'drawSign', annotate: 'drawOnPhoto' };

export function sketch(question, context, kind) {
  const control = holder(question, context, (held, file) => {
    if (kind === 'annotate' && !file) return waysToPicture(held, question, (chosen) => underlay(held, question, chosen));
    return board(held, question, kind, file);
  });
  control.element.append(control.element.querySelector('.media-status')); // what comes and goes above would move the sheet
  return control;
}

async function underlay(held, question, chosen) {
  try {
    await held.keep(await fitPicture(chosen, longestSide(question)), 'jpg');
  } catch (error) {
    held.fail(error);
  }
}

function board(held, question, kind, file) {
  const sheet = new Sheet(held, question, kind, file);
  const choose = held.picker('mediaChoose', { accept: 'image/*' }, (chosen) => underlay(held, question, chosen));
  return [
    h('p.hint', {}, t(WORDS[kind])), sheet.canvas,
    kind === 'signature' ? null : sheet.colours(),
    h('div.row.media-tools', {}, sheet.undoButton, sheet.clearButton),
    h('p.hint', {}, t('drawAlternative')), choose,
    file ? held.button('mediaRemove', () => held.remove(), 'quiet') : null,
  ];
}

/** The sheet: what was there when it opened, and the strokes since, each a list of points between 0 and 1. */
class Sheet {
  constructor(held, question, kind, file) {
    Object.assign(this, { held, question, kind, strokes: [], under: null, colour: kind === 'annotate' ? COLOURS.drawRed : COLOURS.drawBlack });
    this.canvas = h('canvas.media-sheet', { width: 960, height: kind === 'signature' ? 480 : 720, role: 'img', class: `media-sheet is-${kind}` });
    this.undoButton = h('button.plain', { type: 'button', 'data-do': 'undo', onclick: () => this.undo() }, t('drawUndo'));
    this.clearButton = h('button.plain', { type: 'button', 'data-do': 'clear', onclick: () => this.clear() }, t('drawClear'));
    for (const kindOfEvent of ['pointerdown', 'pointermove', 'pointerup', 'pointercancel']) {
      this.canvas.addEventListener(kindOfEvent, (event) => this[kindOfEvent](event));
    }
    this.saving = Promise.resolve();
    this.opened = this.open(file);
  }

  async open(file) {
    if (file) {
      this.under = await createImageBitmap(file);
      Object.assign(this.canvas, { width: this.under.width, height: this.under.height });
    }
    this.draw();
  }

  colours() {
    const group = h('div.row.media-colours', { role: 'radiogroup', 'aria-label': t('drawColour') });
    fill(group, ...Object.entries(COLOURS).map(([words, colour]) => h('label.media-colour', { class: `media-colour is-${words}` },
      h('input', { type: 'radio', name: `${this.held.context.id}-colour`, checked: colour === this.colour, onchange: () => { this.colour = colour; } }),
      h('span', {}, t(words)))));
    return group;
  }

  pointerdown(event) {
    if (this.stroke || !event.isPrimary) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.stroke = { colour: this.colour, points: [this.point(event)] };
    this.strokes.push(this.stroke);
    this.held.holding = true;
    this.draw();
  }

  pointermove(event) {
    if (!this.stroke || !event.isPrimary) return;
    const moves = event.getCoalescedEvents?.() ?? [];
    this.stroke.points.push(...(moves.length ? moves : [event]).map((each) => this.point(each)));
    this.draw();
  }

  pointerup(event) {
    if (!this.stroke || !event.isPrimary) return;
    this.stroke = null;
    this.save();
  }

  pointercancel(event) {
    this.pointerup(event);
  }

  point({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    return [(clientX - box.left) / box.width, (clientY - box.top) / box.height];
  }

  undo() {
    if (this.strokes.pop()) this.save();
    this.draw();
  }

  clear() {
    if (this.kind !== 'annotate') this.under = null;
    this.strokes = [];
    this.draw();
    this.save();
  }

  /** Is there nothing on the sheet? Then there is no answer. */
  get blank() {
    return !this.under && this.strokes.length === 0;
  }

  draw(context = this.canvas.getContext('2d')) {
    const { width, height } = this.canvas;
    context.fillStyle = '#fff';
    context.fillRect(0, 0, width, height);
    if (this.under) context.drawImage(this.under, 0, 0, width, height);
    for (const stroke of this.strokes) drawStroke(context, stroke, width, height);
    this.undoButton.disabled = this.strokes.length === 0;
    this.clearButton.disabled = this.blank || (this.kind === 'annotate' && this.strokes.length === 0);
    this.canvas.setAttribute('aria-label', t('drawCanvas', { n: this.strokes.length }));
  }

  /** Store the sheet as it is now; strokes that come meanwhile are stored after it. */
  save() {
    this.wanted = true;
    this.saving = this.saving.then(() => (this.wanted ? this.store() : null));
    return this.saving;
  }

  async store() {
    this.wanted = false;
    this.held.holding = true;
    if (this.blank) {
      await this.held.clear();
    } else {
      const canvas = this.fitted();
      const photo = this.kind === 'annotate';
      await this.held.keepDrawn(await asBlob(canvas, photo ? 'image/jpeg' : 'image/png', 0.85), photo ? 'jpg' : 'png');
    }
    this.held.holding = false;
  }

  /** No larger than the form asks. */
  fitted() {
    const { width, height } = this.canvas;
    const scale = Math.min(1, longestSide(this.question) / Math.max(width, height));
    const canvas = makeCanvas(Math.round(width * scale), Math.round(height * scale));
    const context = canvas.getContext('2d');
    context.drawImage(this.canvas, 0, 0, canvas.width, canvas.height);
    return canvas;
  }
}

function drawStroke(context, { colour, points }, width, height) {
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.lineWidth = Math.max(3, width / 160);
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.beginPath();
  if (points.length === 1) context.arc(points[0][0] * width, points[0][1] * height, context.lineWidth, 0, 7);
  points.forEach(([x, y], place) => (place ? context.lineTo(x * width, y * height) : context.moveTo(x * width, y * height)));
  if (points.length === 1) context.fill();
  else context.stroke();
}
