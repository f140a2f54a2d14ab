/**
 * The door to the media room: what most interviews don't need is loaded when a form does. Controls of questions come in by
 * views/controls/index.js; here are what runs beside an interview and what labels show.
 */
import { h } from './h.js';

const KINDS = ['image', 'big-image', 'audio', 'video'];

/**
 * Begin what a form wants to run beside the interview: its audit log, its recording in the background. `page` is the view's
 * element. Resolves when it has begun; an interview never fails for it.
 */
export async function beginMedia(filling, signal, page) {
  const { binds, actions = [] } = filling.form;
  const audit = binds.find(({ ref }) => ref.endsWith('/meta/audit'));
  const sound = actions.find(({ kind }) => kind === 'recordaudio');
  if (!audit && !sound) return;
  const resumed = filling.touched; // before anybody answers
  try {
    const { begin } = await import('./rooms/media/beside.js');
    if (!signal.aborted) await begin({ filling, signal, page, audit, sound, resumed });
  } catch {
    filling.companions.length = 0; // without its log, but with every answer
  }
}

/** Pictures, sound and film of a label ({ image, audio, … }: file names) as an element that fills itself; null for none. */
export function labelMedia(media, form) {
  if (!media || !KINDS.some((kind) => media[kind])) return null;
  const place = h('div.label-media', { hidden: true });
  import('./rooms/media/labels.js').then(({ showMedia }) => showMedia(place, media, form)).catch(() => {});
  return place;
}
