/**
 * A QR code of a short text: bytes, error level M, versions 1 to 10 (213 bytes). `qrOf(text)` gives rows of booleans, dark
 * is true, without the quiet zone of four modules that whoever draws it has to leave around. ISO/IEC 18004.
 */
const EC = [0, 10, 16, 26, 18, 24, 16, 18, 22, 22, 26]; // error codewords of a block, by version
const BLOCKS = [[], [16], [28], [44], [32, 32], [43, 43], [27, 27, 27, 27], [31, 31, 31, 31], [38, 38, 39, 39], [36, 36, 36, 37, 37], [43, 43, 43, 43, 44]];
const ALIGNMENT = [[], [], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50]];
const MASKS = [
  (y, x) => (y + x) % 2 === 0,
  (y) => y % 2 === 0,
  (_, x) => x % 3 === 0,
  (y, x) => (y + x) % 3 === 0,
  (y, x) => (Math.floor(y / 2) + Math.floor(x / 3)) % 2 === 0,
  (y, x) => ((y * x) % 2) + ((y * x) % 3) === 0,
  (y, x) => (((y * x) % 2) + ((y * x) % 3)) % 2 === 0,
  (y, x) => (((y + x) % 2) + ((y * x) % 3)) % 2 === 0,
];

/** The code of `text` as rows of booleans; `mask` 0 to 7 is chosen by the standard's penalties unless it is given. */
export function qrOf(text, { mask = null } = {}) {
  const bytes = new TextEncoder().encode(text);
  const version = BLOCKS.findIndex((blocks, v) => v && bytes.length <= sum(blocks) - (v < 10 ? 2 : 3));
  if (version < 0) throw new RangeError('too long for a code');
  const words = interleave(dataWords(bytes, version), version);
  const { cells, fixed } = frame(version);
  place(cells, fixed, words);
  if (mask !== null) return masked(cells, fixed, version, mask);
  const tries = MASKS.map((_, each) => masked(cells, fixed, version, each));
  const faults = tries.map(penalty);
  return tries[faults.indexOf(Math.min(...faults))];
}

function sum(numbers) {
  return numbers.reduce((all, each) => all + each, 0);
}

function dataWords(bytes, version) {
  const bits = [];
  const put = (value, width) => { for (let bit = width - 1; bit >= 0; bit -= 1) bits.push((value >> bit) & 1); };
  put(4, 4);
  put(bytes.length, version < 10 ? 8 : 16);
  bytes.forEach((byte) => put(byte, 8));
  const room = sum(BLOCKS[version]) * 8;
  put(0, Math.min(4, room - bits.length));
  put(0, (8 - (bits.length % 8)) % 8);
  const words = [];
  for (let at = 0; at < bits.length; at += 8) words.push(parseInt(bits.slice(at, at + 8).join(''), 2));
  for (let pad = 0; words.length < room / 8; pad += 1) words.push(pad % 2 ? 0x11 : 0xec);
  return words;
}

/** Blocks with their error words, one word of each in turn. */
function interleave(words, version) {
  let at = 0;
  const blocks = BLOCKS[version].map((size) => words.slice(at, at += size));
  const errors = blocks.map((block) => errorWords(block, EC[version]));
  const turns = (lists) => Array.from({ length: Math.max(...lists.map(({ length }) => length)) },
    (_, turn) => lists.filter((list) => turn < list.length).map((list) => list[turn])).flat();
  return [...turns(blocks), ...turns(errors)];
}

const EXP = [];
const LOG = [];
for (let power = 0, value = 1; power < 255; power += 1) {
  EXP[power] = value;
  LOG[value] = power;
  value = value < 128 ? value * 2 : (value * 2) ^ 0x11d;
}

function times(a, b) {
  return a && b ? EXP[(LOG[a] + LOG[b]) % 255] : 0;
}

/** Reed-Solomon: what is left of the words, divided by the generator of `count` roots. */
function errorWords(words, count) {
  let generator = [1];
  for (let root = 0; root < count; root += 1) {
    generator = [...generator, 0].map((value, place) => value ^ times(generator[place - 1] ?? 0, EXP[root]));
  }
  const rest = [...words, ...Array(count).fill(0)];
  words.forEach((_, place) => {
    const lead = rest[place];
    if (lead) generator.forEach((value, step) => { rest[place + step] ^= times(value, lead); });
  });
  return rest.slice(words.length);
}

/** The parts that are the same for every text of a version; `fixed` says where they are. */
function frame(version) {
  const size = 17 + 4 * version;
  const cells = Array.from({ length: size }, () => Array(size).fill(false));
  const fixed = Array.from({ length: size }, () => Array(size).fill(false));
  const set = (y, x, dark) => {
    if (y < 0 || x < 0 || y >= size || x >= size) return;
    cells[y][x] = dark;
    fixed[y][x] = true;
  };
  for (let at = 0; at < size; at += 1) {
    set(6, at, at % 2 === 0);
    set(at, 6, at % 2 === 0);
  }
  for (const [top, left] of [[0, 0], [0, size - 7], [size - 7, 0]]) {
    for (let y = -1; y <= 7; y += 1) {
      for (let x = -1; x <= 7; x += 1) {
        const ring = Math.max(Math.abs(y - 3), Math.abs(x - 3));
        set(top + y, left + x, ring !== 2 && ring !== 4);
      }
    }
  }
  for (const y of ALIGNMENT[version]) {
    for (const x of ALIGNMENT[version]) {
      if (fixed[y][x] && !(y === 6 && x > 8 && x < size - 9) && !(x === 6 && y > 8 && y < size - 9)) continue;
      for (let dy = -2; dy <= 2; dy += 1) for (let dx = -2; dx <= 2; dx += 1) set(y + dy, x + dx, Math.max(Math.abs(dy), Math.abs(dx)) !== 1);
    }
  }
  writeFormat(set, size, 0);
  if (version >= 7) writeVersion(set, size, version);
  return { cells, fixed };
}

function bch(value, generator, width) {
  let rest = value << width;
  for (let bit = 31 - Math.clz32(rest); bit >= width; bit = 31 - Math.clz32(rest)) rest ^= generator << (bit - width);
  return (value << width) | rest;
}

function writeFormat(set, size, mask) {
  const bits = bch(mask, 0x537, 10) ^ 0x5412; // level M is 00
  const bit = (place) => Boolean((bits >> place) & 1);
  for (let at = 0; at < 6; at += 1) set(at, 8, bit(at));
  set(7, 8, bit(6));
  set(8, 8, bit(7));
  set(8, 7, bit(8));
  for (let at = 9; at < 15; at += 1) set(8, 14 - at, bit(at));
  for (let at = 0; at < 8; at += 1) set(8, size - 1 - at, bit(at));
  for (let at = 8; at < 15; at += 1) set(size - 15 + at, 8, bit(at));
  set(size - 8, 8, true);
}

function writeVersion(set, size, version) {
  const bits = bch(version, 0x1f25, 12);
  for (let at = 0; at < 18; at += 1) {
    const dark = Boolean((bits >> at) & 1);
    set(Math.floor(at / 3), size - 11 + (at % 3), dark);
    set(size - 11 + (at % 3), Math.floor(at / 3), dark);
  }
}

/** The words, bit by bit, in columns of two from the right, up and down. */
function place(cells, fixed, words) {
  const size = cells.length;
  let at = 0;
  for (let right = size - 1, up = true; right > 0; right -= 2, up = !up) {
    if (right === 6) right -= 1;
    for (let step = 0; step < size; step += 1) {
      const y = up ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (fixed[y][x]) continue;
        cells[y][x] = at < words.length * 8 && Boolean((words[at >> 3] >> (7 - (at & 7))) & 1);
        at += 1;
      }
    }
  }
}

function masked(cells, fixed, version, mask) {
  const made = cells.map((row, y) => row.map((dark, x) => (fixed[y][x] ? dark : dark !== MASKS[mask](y, x))));
  writeFormat((y, x, dark) => { made[y][x] = dark; }, made.length, mask);
  return made;
}

/** How hard a code is to read: the standard's four rules. */
function penalty(cells) {
  const size = cells.length;
  const lines = [...cells, ...cells.map((_, x) => cells.map((row) => row[x]))];
  let faults = 0;
  for (const line of lines) {
    const said = line.map(Number).join('');
    for (const run of said.match(/0+|1+/g)) if (run.length >= 5) faults += run.length - 2;
    for (let at = 0; at + 11 <= size; at += 1) {
      const part = said.slice(at, at + 11);
      if (part === '10111010000' || part === '00001011101') faults += 40;
    }
  }
  for (let y = 0; y + 1 < size; y += 1) {
    for (let x = 0; x + 1 < size; x += 1) {
      const dark = cells[y][x];
      if (cells[y][x + 1] === dark && cells[y + 1][x] === dark && cells[y + 1][x + 1] === dark) faults += 3;
    }
  }
  const share = (100 * sum(cells.map((row) => row.filter(Boolean).length))) / size ** 2;
  return faults + 10 * Math.floor(Math.abs(share - 50) / 5);
}
