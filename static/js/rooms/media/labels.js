/** The pictures, sounds and films of labels: of questions, and small beside their choices. */
import './texts.js';
import { addStyle, fill, h, openDialog } from '../../h.js';
import { t } from '../../texts.js';
import { readFormFile } from './formfiles.js';

/** Put what `media` ({ image, 'big-image', audio, video }: file names) names into `place`. */
export async function showMedia(place, media, form) {
  await addStyle('media');
  const nodes = [];
  const { image, audio, video } = media;
  const big = media['big-image'];
  const [picture, large, sound, film] = await Promise.all([image ?? big, big, audio, video].map((name) => (name ? readFormFile(form, name) : null)));
  if (picture) nodes.push(h('img.label-picture', { src: URL.createObjectURL(picture), alt: '', loading: 'lazy' }));
  if (large) nodes.push(h('button.plain', { type: 'button', 'data-do': 'big', onclick: (event) => { event.preventDefault(); showLarge(large, place); } }, t('bigImage')));
  if (sound) nodes.push(h('audio', { controls: true, preload: 'none', src: URL.createObjectURL(sound) }));
  if (film) nodes.push(h('video.media-picture', { controls: true, playsinline: true, preload: 'metadata', src: URL.createObjectURL(film) }));
  fill(place, ...nodes);
  place.hidden = nodes.length === 0;
}

function showLarge(blob, place) {
  const src = URL.createObjectURL(blob);
  const box = h('dialog.media-large', { 'aria-label': t('bigImage') },
    h('img', { src, alt: '' }), h('button.main', { type: 'button', onclick: () => box.close() }, t('close')));
  box.addEventListener('close', () => URL.revokeObjectURL(src));
  openDialog(box, place.closest('.page') ?? undefined);
}
