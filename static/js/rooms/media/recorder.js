/**
 * Recording from microphone or camera. What is recorded goes to the disk every few seconds, so that a phone that dies keeps
 * what was said until then.
 */
import { stayAwake } from '../../guard.js';
import { Growing, newName } from './files.js';
import { withDuration } from './webm.js';

const SLICE = 4_000;
const SOUND = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'];
const FILM = ['video/webm;codecs=vp8,opus', 'video/mp4', 'video/webm'];
const EXTENSIONS = { 'audio/webm': 'webm', 'audio/mp4': 'm4a', 'audio/ogg': 'ogg', 'video/webm': 'webm', 'video/mp4': 'mp4' };
/** Bits a second, by the form's parameter `quality`; as in ODK, voice-only is the smallest that can be understood. */
const RATES = { 'voice-only': 12_000, low: 24_000, normal: 64_000 };
const FILM_RATE = 600_000;

/** Can this browser record at all? */
export function canRecord() {
  return Boolean(self.MediaRecorder && navigator.mediaDevices?.getUserMedia);
}

/** The text that says why microphone or camera can't be had. */
export function whyNot(error, film = false) {
  if (['NotAllowedError', 'SecurityError'].includes(error?.name)) return film ? 'mediaCameraDenied' : 'mediaMicDenied';
  return 'mediaNoDevice';
}

/** The microphone's sound. */
export function openMicrophone() {
  return navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: true, channelCount: 1 } });
}

/** The camera's picture and sound, small enough for a weak line. */
export function openCamera(facing = 'environment') {
  const video = { facingMode: facing, width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 15, max: 24 } };
  return navigator.mediaDevices.getUserMedia({ video, audio: { channelCount: 1 } });
}

/** The extension of what this browser records. */
export function extensionFor(film = false) {
  return EXTENSIONS[typeFor(film)?.split(';')[0]] ?? 'webm';
}

function typeFor(film) {
  return (film ? FILM : SOUND).find((each) => MediaRecorder.isTypeSupported(each));
}

export function soundRate(quality) {
  return RATES[quality] ?? RATES.normal;
}

/**
 * A recording of `stream` into a file of `draft`. `begun(name)` is called when the first seconds are on the disk, `over(why)`
 * when it ended: 'stopped', 'limit', 'lost' (the phone took the microphone away) or an error of the disk.
 */
export class Recording {
  #over;
  #why = 'stopped';
  #writing = Promise.resolve();
  #failed = null;

  constructor(stream, draft, { film = false, rate, limit, name, begun = () => {}, over = () => {} }) {
    const type = typeFor(film);
    const rates = film ? { videoBitsPerSecond: FILM_RATE, audioBitsPerSecond: RATES.low } : { audioBitsPerSecond: rate };
    Object.assign(this, { stream, limit, begun });
    this.recorder = new MediaRecorder(stream, { ...(type && { mimeType: type }), ...rates });
    const plain = this.recorder.mimeType.split(';')[0];
    this.file = new Growing(draft, name ?? newName(EXTENSIONS[plain] ?? 'webm'), plain);
    this.recorder.addEventListener('dataavailable', ({ data }) => { this.#writing = this.#writing.then(() => this.#write(data)); });
    this.recorder.addEventListener('error', () => this.#end('lost'));
    stream.getTracks().forEach((track) => track.addEventListener('ended', () => this.#end('lost')));
    this.done = new Promise((resolve) => { this.#over = resolve; });
    this.recorder.addEventListener('stop', () => this.#close(over));
    this.started = performance.now();
    this.done.then(stayAwake());
    this.recorder.start(SLICE);
  }

  get name() {
    return this.file.name;
  }

  get seconds() {
    return (performance.now() - this.started) / 1000;
  }

  /** Stop; resolves when the file is whole and read back, with why it ended. */
  stop() {
    this.#end('stopped');
    return this.done;
  }

  #end(why) {
    if (this.recorder.state === 'inactive') return;
    this.#why = why;
    this.recorder.stop();
  }

  async #write(data) {
    if (data.size === 0 || this.#failed) return;
    try {
      const first = this.file.size === 0;
      await this.file.write(await data.arrayBuffer(), { seen: true });
      if (first) await this.begun(this.name);
      if (this.file.size > this.limit) this.#end('limit');
    } catch (error) {
      this.#failed = error;
      this.#end('stopped');
    }
  }

  async #close(over) {
    const { seconds } = this;
    await this.#writing;
    this.stream.getTracks().forEach((track) => track.stop());
    let why = this.#failed ?? this.#why;
    try {
      if (!this.#failed && this.file.size > 0) {
        if (this.file.type.endsWith('/webm')) await this.file.amend((head) => withDuration(head, seconds));
        await this.file.close();
      }
    } catch (error) {
      why = error;
    }
    await over(why);
    this.#over(why);
  }
}

/** "1:05" */
export function clockText(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
