/** The camera on the look-out for a QR code. */
import { h } from '../../h.js';

/** The text of the first code that is seen, null when the view has left; `place` shows what the camera sees. Rejects when there is no camera to use. */
export async function scanCode(place, label, signal) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  const video = h('video', { playsinline: true, muted: true, 'aria-label': label });
  const stop = () => {
    stream.getTracks().forEach((track) => track.stop());
    video.remove();
  };
  signal.addEventListener('abort', stop);
  video.srcObject = stream;
  place.append(video);
  await video.play();
  const detector = new BarcodeDetector({ formats: ['qr_code'] });
  while (!signal.aborted) {
    const [code] = await detector.detect(video);
    if (code) {
      stop();
      return code.rawValue;
    }
    await new Promise((resolve) => { setTimeout(resolve, 150); });
  }
  return null;
}
