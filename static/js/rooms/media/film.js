/** Film: recorded here with a small picture, or a file. */
import { h } from '../../h.js';
import { t } from '../../texts.js';
import { recorded } from './recorded.js';
import { openCamera } from './recorder.js';

export function film(question, context) {
  const looks = question.control.appearance ?? [];
  return recorded(question, context, {
    film: true, open: () => openCamera(looks.includes('new-front') ? 'user' : 'environment'), accept: 'video/*', record: 'mediaRecordVideo',
    mayRecord: true, mayChoose: !looks.some((look) => look.startsWith('new')),
    player: (src) => h('video.media-picture', { controls: true, playsinline: true, src, 'aria-label': t('mediaSavedSound') }),
  });
}
