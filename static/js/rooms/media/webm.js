/**
 * Recordings of browsers don't say how long they are: players show no length and can't jump. The length is written where
 * players look for it (Duration in the Info element of EBML's Segment, RFC 9559), once the recording is over.
 */
const EBML = 0x1a45dfa3;
const SEGMENT = 0x18538067;
const INFO = 0x1549a966;
const SEEK_HEAD = 0x114d9b74;
const SCALE = 0x2ad7b1;
const DURATION = 0x4489;
const USUAL_SCALE = 1e6; // nanoseconds
const LENGTH_BYTES = 4;

/** `head`, the first bytes of a recording of `seconds`, with its length; `head` itself when it isn't such a recording. */
export function withDuration(head, seconds) {
  const info = findInfo(head);
  if (!info) return head;
  const parts = children(head, info.start, info.end);
  const scale = number(head, parts.find(({ id }) => id === SCALE)) || USUAL_SCALE;
  const kept = parts.filter(({ id }) => id !== DURATION).map((part) => head.subarray(part.at, part.end));
  const content = join([...kept, lengthElement((seconds * 1e9) / scale)]);
  return join([head.subarray(0, info.at), bytesOf(INFO, 4), sizeBytes(content.length), content, head.subarray(info.end)]);
}

/** The Info element of a Segment without an end; null when positions of other elements are written down and would be wrong. */
function findInfo(head) {
  const [ebml, segment] = children(head, 0, head.length, 2);
  if (ebml?.id !== EBML || segment?.id !== SEGMENT || segment.size !== null) return null;
  const [info] = children(head, segment.start, head.length, 1);
  return info?.id === INFO && info.end <= head.length ? info : null;
}

/** The elements from `from` to `to`, at most `most`: { id, at, start, end, size }; size null: up to the end. */
function children(bytes, from, to, most = Infinity) {
  const found = [];
  for (let at = from; at < to && found.length < most;) {
    const id = vint(bytes, at, true);
    const size = id && vint(bytes, at + id.length, false);
    if (!size || id.value === SEEK_HEAD) break;
    const start = at + id.length + size.length;
    const end = size.value === null ? to : start + size.value;
    found.push({ id: id.value, at, start, end, size: size.value });
    at = end;
  }
  return found;
}

/** A number of one to eight bytes whose first bits tell how many; ids keep those bits. All ones: unknown, null. */
function vint(bytes, at, keeps) {
  const length = Math.clz32(bytes[at]) - 23;
  if (at + length > bytes.length || length > 8) return null;
  let value = keeps ? bytes[at] : bytes[at] & (0xff >> length);
  let ones = (bytes[at] & (0xff >> length)) === 0xff >> length;
  for (let place = 1; place < length; place += 1) {
    value = value * 256 + bytes[at + place];
    ones &&= bytes[at + place] === 0xff;
  }
  return { length, value: ones && !keeps ? null : value };
}

function number(bytes, part) {
  return part ? bytes.subarray(part.start, part.end).reduce((sum, byte) => sum * 256 + byte, 0) : 0;
}

function lengthElement(ticks) {
  const element = new Uint8Array([0x44, 0x89, 0x88, 0, 0, 0, 0, 0, 0, 0, 0]);
  new DataView(element.buffer).setFloat64(3, ticks);
  return element;
}

function sizeBytes(size) {
  return bytesOf(0x10000000 + size, LENGTH_BYTES);
}

function bytesOf(value, length) {
  return Uint8Array.from({ length }, (_, place) => (value / 256 ** (length - 1 - place)) & 0xff);
}

function join(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
