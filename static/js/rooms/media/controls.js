/** The controls of this room, by the kind of question (kinds.js). */
import './texts.js';
import { imageMap } from './imagemap.js';
import { code } from './codes.js';
import { anyFile } from './anyfile.js';
import { photo } from './photo.js';
import { sketch } from './sketch.js';
import { sound } from './sound.js';
import { film } from './film.js';
import { sweep } from './files.js';

sweep().catch(() => {});

/** A photo, or with the appearances draw, annotate and signature a drawing. */
export function image(question, context) {
  const looks = question.control.appearance ?? [];
  const kind = ['signature', 'annotate', 'draw'].find((look) => looks.includes(look));
  return kind ? sketch(question, context, kind) : photo(question, context);
}

export { anyFile as file, code as barcode, film as video, imageMap, sound as audio };
