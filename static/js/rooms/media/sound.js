/** Sound: recorded here, or a file. */
import { h } from '../../h.js';
import { t } from '../../texts.js';
import { recorded } from './recorded.js';
import { openMicrophone, soundRate } from './recorder.js';

export function sound(question, context) {
  const looks = question.control.appearance ?? [];
  const quality = question.control.parameters?.quality ?? question.bind?.parameters?.quality;
  return recorded(question, context, {
    film: false, open: openMicrophone, rate: soundRate(quality), accept: 'audio/*', record: 'mediaRecord',
    mayRecord: quality !== 'external', mayChoose: !looks.includes('new') || quality === 'external',
    player: (src) => h('audio', { controls: true, src, 'aria-label': t('mediaSavedSound') }),
  });
}
