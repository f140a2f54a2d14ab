/** What kinds of question there are, and by which the app tells them apart. Every question of a form has one. */
const TYPES = {
  int: 'integer', integer: 'integer', long: 'integer', decimal: 'decimal', date: 'date', time: 'time', dateTime: 'dateTime',
  geopoint: 'place', geotrace: 'trace', geoshape: 'shape', barcode: 'barcode',
};
const MEDIA = { image: 'image', audio: 'audio', video: 'video' };
const INLINE = ['list', 'list-nolabel', 'label', 'horizontal', 'horizontal-compact'];

/** The name of the control that answers a question. */
export function kindOf({ control, bind }) {
  const looks = control.appearance ?? [];
  const has = (...names) => names.some((name) => looks.includes(name));
  if (control.kind === 'input') return inputKind(TYPES[bind?.type] ?? 'text', has);
  if (control.kind === 'upload') return MEDIA[control.mediatype?.split('/')[0]] ?? 'file';
  if (control.kind === 'trigger') return 'acknowledge';
  if (control.kind !== 'select1' && control.kind !== 'select') return control.kind;
  if (has('image-map')) return 'imageMap';
  if (has('map')) return 'chooseOnMap';
  if (has('minimal')) return 'folded';
  if (has(...INLINE)) return 'inline';
  return control.kind === 'select1' ? 'chooseOne' : 'chooseSeveral';
}

function inputKind(type, has) {
  if (type === 'text' && has('masked', 'hidden-answer')) return 'masked';
  if (type === 'text' && has('url')) return 'address';
  if (type === 'integer' && has('counter')) return 'counter';
  if (['date', 'dateTime'].includes(type) && has('no-calendar', 'month-year', 'year')) return 'dateParts';
  return type;
}

/** The heading of a table of questions: it asks nothing itself. */
export function isHeading({ control }) {
  return control.kind.startsWith('select') && (control.appearance ?? []).includes('label');
}

/** A note: a question that can't be answered, only read. */
export function isNote({ control, bind }, state) {
  return control.kind === 'input' && state.readonly && ['string', 'text', undefined].includes(bind?.type);
}
