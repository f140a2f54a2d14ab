/** A barcode or QR code: read by the camera where the browser can, typed everywhere. */
import { fill, h } from '../../h.js';
import { t } from '../../texts.js';

const PAUSE = 150;

export function code(question, context) {
  const field = h('input', {
    ...context.naming, autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', dir: 'auto', value: context.state().value,
    oninput: () => context.answer(field.value.trim()), onchange: () => context.left(),
  });
  const status = h('p.media-status', { role: 'status' });
  const message = h('p.alert', { role: 'alert', hidden: true });
  const place = h('div.media-body');
  let stop = () => {};

  function idle() {
    if ('BarcodeDetector' in self) fill(place, h('button.plain.wide', { type: 'button', 'data-do': 'scan', onclick: scan }, t('codeScan')));
    else fill(place);
  }

  async function scan() {
    message.hidden = true;
    try {
      const found = await look(place, (ending) => { stop = ending; });
      if (found === null) return;
      field.value = found;
      context.answer(found);
      context.left();
      fill(status, t('codeFound'));
    } catch {
      fill(message, t('codeDenied'));
      message.hidden = false;
    } finally {
      stop();
      idle();
    }
  }

  idle();
  return {
    element: h('div.media.scanner', {}, field, place, status, message),
    redraw: (state) => { if (document.activeElement !== field) field.value = state.value; },
    leave: () => stop(),
  };
}

/** The camera on the page until a code is in sight; its text, or null when the person gave up. */
async function look(place, onStop) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  let over = false;
  const stop = () => { over = true; stream.getTracks().forEach((track) => track.stop()); };
  onStop(stop);
  const video = h('video.media-picture', { playsinline: true, muted: true, 'aria-label': t('codeLook') });
  Object.assign(video, { muted: true, srcObject: stream });
  fill(place, h('p.hint', {}, t('codeLook')), video, h('button.plain.wide', { type: 'button', onclick: stop }, t('codeStop')));
  await video.play();
  const detector = new BarcodeDetector();
  while (!over) {
    const [found] = await detector.detect(video).catch(() => []);
    if (found) return found.rawValue;
    await new Promise((resolve) => { setTimeout(resolve, PAUSE); });
  }
  return null;
}
