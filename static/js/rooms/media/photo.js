/** A photo from the phone's camera, or a picture that is there already; kept small, without the camera's notes. */
import { h } from '../../h.js';
import { t } from '../../texts.js';
import { holder } from './holder.js';
import { fitPicture, longestSide } from './pictures.js';

export function photo(question, context) {
  return holder(question, context, (held, file) => {
    const ways = waysToPicture(held, question, (chosen) => takePicture(held, question, chosen), file ? 'plain' : 'main');
    if (!file) return ways;
    return [
      h('img.media-picture', { src: held.url(file), alt: t('mediaPreview') }),
      ...ways, held.button('mediaRemove', () => held.remove(), 'quiet'),
    ];
  });
}

/** The buttons: with the appearance `new` (new-front, new-rear) only the camera. */
export function waysToPicture(held, question, take, look = 'main') {
  const looks = question.control.appearance ?? [];
  const only = looks.some((look) => ['new', 'new-front', 'new-rear'].includes(look));
  const capture = looks.includes('new-front') ? 'user' : 'environment';
  return [
    held.picker('mediaTakePhoto', { accept: 'image/*', capture, look }, take),
    only ? null : held.picker('mediaChoose', { accept: 'image/*' }, take),
  ];
}

async function takePicture(held, question, chosen) {
  try {
    await held.keep(await fitPicture(chosen, longestSide(question)), 'jpg');
  } catch (error) {
    held.fail(error);
  }
}
