/**
 * Pictures made fit to send: turned upright, no larger than the form asks, and drawn anew, so that nothing of what the camera
 * wrote beside the points (place, time, maker, thumbnail) is left.
 */
const USUAL_PIXELS = 1600;
const QUALITY = 0.82;

/** The picture can't be opened by this browser. */
export class NotAPicture extends Error {
  name = 'NotAPicture';
}

/** How long the longer side of a picture may be, as the question says. */
export function longestSide(question) {
  const pixels = Number(question.control.parameters?.['max-pixels'] ?? question.bind?.parameters?.['max-pixels']);
  return Number.isFinite(pixels) && pixels >= 1 ? pixels : USUAL_PIXELS;
}

/** `file` as a JPEG whose longer side is at most `longest`. Rejects with NotAPicture. */
export async function fitPicture(file, longest) {
  const bitmap = await open(file, longest);
  const { width, height } = bitmap;
  const canvas = makeCanvas(width, height);
  const context = canvas.getContext('2d');
  context.fillStyle = '#fff'; // what was transparent
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return asBlob(canvas, 'image/jpeg', QUALITY);
}

/** The picture decoded, upright and already small: scaling is the decoder's work, off the main thread. */
async function open(file, longest) {
  const turned = { imageOrientation: 'from-image' };
  try {
    const full = await createImageBitmap(file, turned);
    const scale = longest / Math.max(full.width, full.height);
    if (scale >= 1) return full;
    const size = { resizeWidth: side(full.width * scale), resizeHeight: side(full.height * scale), resizeQuality: 'high' };
    const small = await createImageBitmap(full, size);
    full.close();
    return small;
  } catch (error) {
    throw new NotAPicture(file.type, { cause: error });
  }
}

function side(pixels) {
  return Math.max(1, Math.round(pixels));
}

/** A canvas that isn't on the page. */
export function makeCanvas(width, height) {
  if ('OffscreenCanvas' in self) return new OffscreenCanvas(width, height);
  return Object.assign(document.createElement('canvas'), { width, height });
}

/** What is drawn, as a file. */
export function asBlob(canvas, type, quality) {
  if (canvas.convertToBlob) return canvas.convertToBlob({ type, quality });
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new NotAPicture(type))), type, quality);
  });
}
