// Regular expressions that match the whole text, in time that a hostile pattern can't stretch: no backtracking, but the
// set of all places a part of the pattern can have reached. Java's syntax without back-references and possessive
// quantifiers. The server has the same matcher, so a phone and the office never judge an answer differently.

/** The pattern can't be read. */
export class PatternProblem extends Error {}

const MAX_STEPS = 5_000_000;
const MAX_REPEAT = 1000;
const WORD = /[0-9A-Za-z_]/;
const LINE_END = /[\n\r\u0085\u2028\u2029]/;
const SETS = { d: /[0-9]/, w: WORD, s: /[ \t\n\v\f\r]/ };
const CONTROLS = { t: '\t', n: '\n', r: '\r', f: '\f', a: '\x07', e: '\x1b' };
const PROPERTIES = {
  Alpha: /[A-Za-z]/, Digit: /[0-9]/, Alnum: /[0-9A-Za-z]/, Upper: /[A-Z]/, Lower: /[a-z]/, Punct: /[!-\/:-@[-`{-~]/, Space: SETS.s,
  XDigit: /[0-9A-Fa-f]/, ASCII: /[\0-\x7f]/, IsAlphabetic: /\p{L}/u, IsLetter: /\p{L}/u, IsDigit: /\p{Nd}/u,
};

const cache = new Map();

/** @param {string} text @param {string} pattern @returns {boolean} whether the pattern matches the whole text */
export function matches(text, pattern) {
  let run = cache.get(pattern);
  if (!run) {
    if (cache.size > 500) cache.clear();
    cache.set(pattern, run = new Reader(pattern).read());
  }
  const letters = Array.from(text);
  return run({ letters, left: MAX_STEPS }, new Set([0])).has(letters.length);
}

/** A part of a pattern is a function (input, places) => places reached. */
class Reader {
  constructor(pattern) {
    this.letters = Array.from(pattern);
    this.at = 0;
    this.ignoreCase = false;
  }

  read() {
    const part = this.alternatives();
    if (this.at < this.letters.length) throw new PatternProblem('There is a ) too many.');
    return part;
  }

  peek(text) {
    return this.letters.slice(this.at, this.at + text.length).join('') === text;
  }

  take(text) {
    if (!this.peek(text)) return false;
    this.at += text.length;
    return true;
  }

  alternatives() {
    const options = [this.sequence()];
    while (this.take('|')) options.push(this.sequence());
    if (options.length === 1) return options[0];
    return (input, places) => new Set(options.flatMap((option) => [...option(input, places)]));
  }

  sequence() {
    const parts = [];
    while (this.at < this.letters.length && !this.peek('|') && !this.peek(')')) parts.push(this.quantified());
    return (input, places) => {
      for (const part of parts) {
        if (!places.size) break;
        places = part(input, places);
      }
      return places;
    };
  }

  quantified() {
    let part = this.atom();
    while (['*', '+', '?', '{'].some((mark) => this.peek(mark))) {
      const [least, most] = this.quantifier();
      if (!this.take('?') && this.peek('+')) throw new PatternProblem('Possessive quantifiers are not supported.');
      part = repeated(part, least, most);
    }
    return part;
  }

  quantifier() {
    if (this.take('*')) return [0, Infinity];
    if (this.take('+')) return [1, Infinity];
    if (this.take('?')) return [0, 1];
    const found = /^\{(\d+)(,?)(\d*)\}/.exec(this.letters.slice(this.at, this.at + 16).join(''));
    if (!found) throw new PatternProblem('After { a number such as {3} or {1,4} is wanted.');
    this.at += found[0].length;
    const least = Number(found[1]);
    const most = found[3] ? Number(found[3]) : found[2] ? Infinity : least;
    if (least > MAX_REPEAT || most < least || most !== Infinity && most > MAX_REPEAT) throw new PatternProblem(`${found[0]} can't be counted.`);
    return [least, most];
  }

  atom() {
    const letter = this.letters[this.at++];
    if (letter === '(') return this.group();
    if (letter === '[') return single(this.set(), this);
    if (letter === '.') return single((one) => !LINE_END.test(one), this);
    if (letter === '^') return atStart;
    if (letter === '$') return atEnd;
    if (letter === '\\') return this.escape();
    if ('*+?'.includes(letter)) throw new PatternProblem(`There is nothing for ${letter} to repeat.`);
    return single((one) => one === letter, this);
  }

  group() {
    const before = this.ignoreCase;
    let wrap = (part) => part;
    if (this.take('?i')) {
      this.ignoreCase = true;
      if (this.take(')')) return (input, places) => places;
      if (!this.take(':')) throw new PatternProblem('This flag is not supported.');
    } else if (this.take('?:')) wrap = (part) => part;
    else if (this.take('?=')) wrap = (part) => ahead(part, true);
    else if (this.take('?!')) wrap = (part) => ahead(part, false);
    else if (this.peek('?<') && /^\?<[A-Za-z]\w*>/.test(this.letters.slice(this.at).join(''))) this.at = this.letters.indexOf('>', this.at) + 1;
    else if (this.peek('?')) throw new PatternProblem('This kind of group is not supported.');
    const part = this.alternatives();
    if (!this.take(')')) throw new PatternProblem('A ( is not closed.');
    this.ignoreCase = before;
    return wrap(part);
  }

  escape() {
    const letter = this.letters[this.at];
    if (letter === undefined) throw new PatternProblem('The pattern ends with a \\.');
    if (/[0-9k]/.test(letter)) throw new PatternProblem('Back-references are not supported.');
    if (letter === 'b' || letter === 'B') {
      this.at++;
      return boundary(letter === 'b');
    }
    if ('AzZ'.includes(letter)) {
      this.at++;
      return letter === 'A' ? atStart : letter === 'Z' ? atEnd : (input, places) => only(places, (place) => place === input.letters.length);
    }
    if (letter === 'Q') return this.literal();
    return single(this.escaped(), this);
  }

  /** \Q...\E: letters as they are. */
  literal() {
    const rest = this.letters.slice(this.at + 1).join('');
    const end = rest.indexOf('\\E');
    const parts = Array.from(end < 0 ? rest : rest.slice(0, end), (letter) => single((one) => one === letter, this));
    this.at = end < 0 ? this.letters.length : this.at + 1 + parts.length + 2;
    return (input, places) => parts.reduce((reached, part) => part(input, reached), places);
  }

  /** A test of one letter, from what follows a backslash; a plain letter also has `letter`, for ranges. */
  escaped() {
    const letter = this.letters[this.at++];
    const set = SETS[letter?.toLowerCase()];
    if (set) return letter === letter.toLowerCase() ? (one) => set.test(one) : (one) => !set.test(one);
    if (letter === 'p' || letter === 'P') return this.property(letter === 'P');
    const code = letter === 'u' || letter === 'x' ? this.letters.slice(this.at, this.at + (letter === 'u' ? 4 : 2)).join('') : '';
    if (code) {
      if (!/^[0-9a-fA-F]+$/.test(code)) throw new PatternProblem(`\\${letter}${code} is not a character.`);
      this.at += code.length;
    }
    const literal = code ? String.fromCodePoint(parseInt(code, 16)) : CONTROLS[letter] ?? letter;
    if (!code && !(letter in CONTROLS) && /[A-Za-z]/.test(letter ?? 'x')) throw new PatternProblem(`\\${letter ?? ''} is not known.`);
    return Object.assign((one) => one === literal, { letter: literal });
  }

  property(negated) {
    const found = /^(?:\{([A-Za-z]+)\}|([A-Z]))/.exec(this.letters.slice(this.at, this.at + 24).join(''));
    if (!found) throw new PatternProblem('\\p needs a name in braces.');
    this.at += found[0].length;
    const name = found[1] ?? found[2];
    let set = PROPERTIES[name];
    if (!set && /^(L[ultmo]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?|C[cfons]?)$/.test(name)) set = new RegExp(`\\p{${name}}`, 'u');
    if (!set) throw new PatternProblem(`\\p{${name}} is not known.`);
    return (one) => set.test(one) !== negated;
  }

  /** A test of one letter, from a [set] whose bracket is open. */
  set() {
    const negated = this.take('^');
    const tests = [];
    for (let first = true; first || !this.peek(']'); first = false) {
      if (this.at >= this.letters.length) throw new PatternProblem('A [ is not closed.');
      const from = this.member();
      if (this.peek('-') && ![']', '['].includes(this.letters[this.at + 1]) && from.letter !== undefined) {
        this.at++;
        const to = this.member();
        if (to.letter === undefined || to.letter.codePointAt(0) < from.letter.codePointAt(0)) throw new PatternProblem('A range in [] runs backwards.');
        const [low, high] = [from.letter.codePointAt(0), to.letter.codePointAt(0)];
        tests.push((one) => one.codePointAt(0) >= low && one.codePointAt(0) <= high);
      } else tests.push(from);
    }
    this.at++;
    const folded = this.ignoreCase ? (one) => cases(one).some((each) => tests.some((test) => test(each))) : null;
    const within = folded ?? ((one) => tests.some((test) => test(one)));
    return Object.assign((one) => within(one) !== negated, { folded: true });
  }

  member() {
    if (this.peek('&&')) throw new PatternProblem('&& in [] is not supported.');
    if (this.take('[')) return this.set();
    if (this.take('\\')) return this.escaped();
    const letter = this.letters[this.at++];
    if (letter === undefined) throw new PatternProblem('A [ is not closed.');
    return Object.assign((one) => one === letter, { letter });
  }
}

const cases = (letter) => [letter, letter.toLowerCase(), letter.toUpperCase()];

function spend(input, places) {
  input.left -= places.size + 1;
  if (input.left < 0) throw new PatternProblem('The pattern takes too long.');
}

function single(test, reader) {
  const fold = reader.ignoreCase && !test.folded;
  return (input, places) => {
    spend(input, places);
    const reached = new Set();
    for (const place of places) {
      const letter = input.letters[place];
      if (letter !== undefined && (fold ? cases(letter).some(test) : test(letter))) reached.add(place + 1);
    }
    return reached;
  };
}

function repeated(part, least, most) {
  return (input, places) => {
    for (let i = 0; i < least; i++) {
      const next = part(input, places);
      if (!next.size) return next;
      if (next.size === places.size && [...next].every((place) => places.has(place))) break;
      places = next;
    }
    const reached = new Set(places);
    for (let i = least, fresh = places; i < most && fresh.size; i++) {
      spend(input, fresh);
      fresh = new Set([...part(input, fresh)].filter((place) => !reached.has(place)));
      for (const place of fresh) reached.add(place);
    }
    return reached;
  };
}

const atEnd = (input, places) => only(places, (place) => {
  const left = input.letters.length - place;
  return left === 0 || left === 1 && LINE_END.test(input.letters[place]);
});
const atStart = (input, places) => only(places, (place) => place === 0);
const only = (places, test) => new Set([...places].filter(test));
const ahead = (part, wanted) => (input, places) => only(places, (place) => part(input, new Set([place])).size > 0 === wanted);
const boundary = (wanted) => (input, places) => only(places, (place) => {
  const [before, after] = [input.letters[place - 1], input.letters[place]].map((letter) => letter !== undefined && WORD.test(letter));
  return before !== after === wanted;
});
