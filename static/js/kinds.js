/** What kinds of question there are, as far as the app must tell them apart. */
const TYPED = new Set(['string', 'text', 'int', 'integer', 'long', 'decimal', 'date', 'time', 'dateTime', 'geopoint', 'barcode']);
const CHOSEN = new Set(['select1', 'select', 'rank', 'range', 'trigger']);

/** Can this app take the answer? Pictures, sound, files and lines on a map can't be answered yet. */
export function canAnswer({ control, bind }) {
  return control.kind === 'input' ? TYPED.has(bind?.type ?? 'string') : CHOSEN.has(control.kind);
}

/** A note: a question that can't be answered, only read. */
export function isNote({ control, bind }, state) {
  return control.kind === 'input' && state.readonly && ['string', 'text', undefined].includes(bind?.type);
}
