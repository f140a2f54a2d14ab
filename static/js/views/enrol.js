/** Enrolling the phone: by the link that opened the app, by a QR code, or by a code typed or pasted. */
import { enrol, keptEnrolment, readCode } from '../enrol.js';
import { fill, h } from '../h.js';
import { go } from '../router.js';
import { get } from '../store.js';
import { syncNow } from '../sync.js';
import { addTexts, t } from '../texts.js';
import { bar } from './parts.js';

addTexts({
  enrolIntro: ['Pida a la oficina un enlace o un código. Se usa una sola vez y necesita señal.', 'Ask the office for a link or a code. It works once and needs a signal.'],
  enrolCode: ['Código o enlace', 'Code or link'],
  enrolDo: ['Inscribir', 'Enrol'],
  enrolBusy: ['Inscribiendo…', 'Enrolling…'],
  enrolScan: ['Escanear el código QR', 'Scan the QR code'],
  enrolNoCamera: ['No se pudo usar la cámara. Escriba o pegue el código.', 'The camera could not be used. Type or paste the code.'],
  enrolOther: ['Ese código QR no es de esta encuesta.', 'That QR code does not belong to this survey.'],
  enrolNotCode: ['Eso no parece un código. Revíselo o pegue el enlace completo.', 'That does not look like a code. Check it or paste the whole link.'],
  enrolBadCode: ['El código ya se usó, venció o no existe. Pida uno nuevo a la oficina.', 'The code was used, has expired or does not exist. Ask the office for a new one.'],
  enrolAgain: ['Este teléfono ya está inscrito. Las entrevistas guardadas se conservan y se envían con la nueva inscripción.', 'This phone is already enrolled. Saved interviews are kept and will be sent under the new enrolment.'],
});

let offered = null;

/** A code came with the address: the view uses it at once on a phone that isn't enrolled yet. */
export function offerCode(code) {
  offered = code;
}

export async function enrolView(_, { signal }) {
  const device = await get('meta', 'device');
  const message = h('p.message', { id: 'message', role: 'alert' });
  const field = h('input', {
    id: 'code', autocomplete: 'one-time-code', autocapitalize: 'off', spellcheck: 'false', 'aria-describedby': 'message',
    oninput: () => { linked = null; fill(message); field.removeAttribute('aria-invalid'); },
  });
  const button = h('button.main', {}, t('enrolDo'));
  let linked = null; // the whole link: it may say which key to expect
  const say = (key) => { fill(message, t(key)); field.setAttribute('aria-invalid', 'true'); };

  async function submit(event) {
    event?.preventDefault();
    const code = readCode(field.value);
    if (!code) return say('enrolNotCode');
    fill(button, t('enrolBusy'));
    button.disabled = true;
    const trouble = await enrol(code, linked ?? field.value);
    fill(button, t('enrolDo'));
    button.disabled = false;
    if (trouble) return say(trouble === 'code' ? 'enrolBadCode' : `reason.${trouble}`);
    syncNow({ catalogue: true });
    return go('#/');
  }

  const view = h('div.page', {},
    bar(t('enrolTitle'), { home: Boolean(device) }),
    h('main', {},
      h('p.lead', {}, t(device ? 'enrolAgain' : 'enrolIntro')),
      scanner(signal, (text) => {
        if (!readCode(text)) return say('enrolOther');
        linked = text;
        field.value = readCode(text);
        return submit();
      }, () => say('enrolNoCamera')),
      h('form.stack', { onsubmit: submit }, h('label', { for: 'code' }, t('enrolCode')), field, message, button)));
  offered ??= device ? null : keptEnrolment()?.link;
  if (offered) {
    linked = offered;
    field.value = readCode(offered);
    offered = null;
    if (!device) submit();
  }
  return view;
}

/** The camera, where the browser can read QR codes; nothing elsewhere. */
function scanner(signal, found, refused) {
  if (!('BarcodeDetector' in self)) return null;
  const video = h('video', { playsinline: true, muted: true, hidden: true, 'aria-label': t('enrolScan') });
  const button = h('button.plain.wide', { type: 'button', onclick: () => scan(video, signal, found).catch(refused) }, t('enrolScan'));
  return h('div.scanner', {}, button, video);
}

async function scan(video, signal, found) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  const stop = () => { stream.getTracks().forEach((track) => track.stop()); video.hidden = true; };
  signal.addEventListener('abort', stop);
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  const detector = new BarcodeDetector({ formats: ['qr_code'] });
  while (!signal.aborted) {
    const [code] = await detector.detect(video);
    if (code) {
      stop();
      return found(code.rawValue);
    }
    await new Promise((resolve) => { setTimeout(resolve, 150); });
  }
  return null;
}
