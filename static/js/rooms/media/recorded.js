/** What sound and film share: record with a clock in sight, stop, play back, or choose a file. */
import { h } from '../../h.js';
import { t } from '../../texts.js';
import { extensionOf } from './anyfile.js';
import { holder } from './holder.js';
import { limitOf } from './limit.js';
import { canRecord, clockText, Recording, whyNot } from './recorder.js';

/**
 * @param {{film: boolean, open: () => Promise<MediaStream>, rate?: number, accept: string, record: string,
 *   mayRecord: boolean, mayChoose: boolean, player: (src: string) => Element}} how
 */
export function recorded(question, context, how) {
  return holder(question, context, (held, file) => (file ? played(held, file, how) : waysToRecord(held, how)));
}

function played(held, file, how) {
  return [how.player(held.url(file)), ...waysToRecord(held, how, 'plain'), held.button('mediaRemove', () => held.remove(), 'quiet')];
}

function waysToRecord(held, how, look = 'main') {
  const choose = (chosen) => {
    const family = how.film ? 'video/' : 'audio/';
    if (chosen.type && !/^(audio|video)\//.test(chosen.type)) return held.say('mediaWrongKind');
    return held.keep(chosen, extensionOf(chosen, family === 'video/' ? 'webm' : 'ogg'));
  };
  return [
    how.mayRecord && canRecord() ? held.button(look === 'plain' ? 'mediaRecordAgain' : how.record, () => record(held, how), look) : null,
    how.mayRecord && !canRecord() ? h('p.hint', {}, t('mediaNoRecorder')) : null,
    how.mayChoose || !canRecord() ? held.picker('mediaChoose', { accept: how.accept }, choose) : null,
  ];
}

async function record(held, how) {
  held.hush();
  let stream;
  try {
    stream = await how.open();
  } catch (error) {
    return held.say(whyNot(error, how.film));
  }
  if (held.left) return stream.getTracks().forEach((track) => track.stop());
  held.holding = true;
  const before = held.value;
  const recording = new Recording(stream, held.draft, {
    film: how.film, rate: how.rate, limit: limitOf(),
    begun: async (name) => { held.context.answer(name); await held.context.filling.save(); },
    over: (why) => ended(held, recording, before, why),
  });
  held.onLeave.push(() => recording.stop());
  return drawRecording(held, how, recording, stream);
}

function drawRecording(held, how, recording, stream) {
  const clock = h('span.big', { role: 'timer' }, '0:00');
  const timer = setInterval(() => { clock.textContent = clockText(recording.seconds); }, 250);
  recording.done.then(() => clearInterval(timer));
  const video = how.film ? h('video.media-picture', { muted: true, playsinline: true, autoplay: true }) : null;
  if (video) Object.assign(video, { muted: true, srcObject: stream });
  held.show(
    video, h('p.media-recording', {}, h('span.media-dot', { 'aria-hidden': 'true' }), h('span', {}, t('mediaRecording')), clock),
    held.button('mediaStop', () => recording.stop(), 'main'),
  );
  held.body.querySelector('button')?.focus();
}

async function ended(held, recording, before, why) {
  held.holding = false;
  if (why instanceof Error) held.fail(why);
  if (recording.file.size > 0 && !(why instanceof Error)) await held.nameAfter(recording.name, before);
  else if (!held.left) await held.redraw({ anew: true });
  if (why === 'limit') held.say('mediaLimitReached');
}
