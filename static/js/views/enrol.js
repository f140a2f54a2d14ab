/** Enrolling the phone: by the link that opened the app, by a QR code, or by a code typed or pasted. */
import { enrol, keptEnrolment, readCode } from '../enrol.js';
import { fill, h } from '../h.js';
import { go } from '../router.js';
import { get } from '../store.js';
import { syncNow } from '../sync.js';
import { addTexts, t } from '../texts.js';
import { bar } from './parts.js';

addTexts({
  enrolIntro: 'Pida a la oficina un enlace o un código. Se usa una sola vez y necesita señal.',
  enrolCode: 'Código o enlace',
  enrolDo: 'Inscribir',
  enrolBusy: 'Inscribiendo…',
  enrolScan: 'Escanear el código QR',
  enrolNoCamera: 'No se pudo usar la cámara. Escriba o pegue el código.',
  enrolOther: 'Ese código QR no es de esta encuesta.',
  enrolNotCode: 'Eso no parece un código. Revíselo o pegue el enlace completo.',
  enrolBadCode: 'El código ya se usó, venció o no existe. Pida uno nuevo a la oficina.',
  enrolAgain: 'Este teléfono ya está inscrito. Las entrevistas guardadas se conservan y se envían con la nueva inscripción.',
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
  const place = h('div.scanner', {}, h('button.plain.wide', { type: 'button', onclick: scan }, t('enrolScan')));
  async function scan() {
    if (place.querySelector('video')) return;
    const seen = import('../rooms/enrol/scan.js').then(({ scanCode }) => scanCode(place, t('enrolScan'), signal));
    const text = await seen.catch(refused);
    if (text) found(text);
  }
  return place;
}
