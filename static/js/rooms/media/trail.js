/**
 * The audit log of an interview, audit.csv as ODK Collect writes it: when it was begun, left and taken up, how long each
 * question was on the screen, and with the form's parameters where, what was changed and by whom. The phone's clock is read
 * once per opening; later moments are that plus what has passed, so that setting the clock moves nothing.
 * It is kept (protected) in the store `audit` while the draft is open, and becomes a file of the interview when it is finished.
 */
import { h, openDialog } from '../../h.js';
import { commit, get } from '../../store.js';
import { t } from '../../texts.js';
import { protect, reveal } from '../../vault.js';
import { keepFile } from './files.js';
import { Whereabouts } from './whereabouts.js';

const NAME = 'audit.csv';
let lastPerson = null;

/** Begin or go on with the log of `filling`; resolves when it runs. */
export async function openTrail({ filling, signal, bind, device, resumed }) {
  const parameters = bind.parameters ?? {};
  const wants = { place: 'location-priority' in parameters, changes: isTrue(parameters['track-changes']), person: isTrue(parameters['identify-user']) };
  wants.reason = 'track-changes-reasons' in parameters;
  const trail = new Trail({ filling, ref: bind.ref, wants });
  await trail.read();
  if (wants.person) trail.person = await askWho(device?.interviewer ?? '', signal);
  if (wants.place && filling.rules?.mayFollow !== false) trail.whereabouts = new Whereabouts(parameters, signal, (event) => trail.note(event));
  if (signal.aborted) return;
  trail.begin(signal, resumed);
  filling.companions.push(trail);
}

class Trail {
  #began = Date.now() - performance.now();
  #lines = [];
  #page = null;
  #writing = Promise.resolve();

  constructor({ filling, ref, wants }) {
    Object.assign(this, { filling, ref, wants, person: '', whereabouts: null });
    this.columns = [
      'event', 'node', 'start', 'end', ...(wants.place ? ['latitude', 'longitude', 'accuracy'] : []),
      ...(wants.changes ? ['old-value', 'new-value'] : []), ...(wants.person ? ['user'] : []), ...(wants.reason ? ['change-reason'] : []),
    ];
  }

  /** What earlier openings of the draft wrote. */
  async read() {
    const stored = await get('audit', this.filling.draft.id);
    if (stored) this.#lines = (await reveal(stored, this.#about())).lines;
  }

  begin(signal, resumed) {
    this.note(resumed ? 'form resume' : 'form start');
    this.#openPage();
    signal.addEventListener('abort', () => this.leaving());
    document.addEventListener('visibilitychange', () => this.#store(), { signal });
  }

  /** Something happened in the interview (filling.js tells). */
  heard(event, node = '') {
    if (event === 'page') {
      this.#closePage();
      this.#openPage();
      this.#store();
    } else {
      this.note(event, { node });
    }
    if (event !== 'finalize error') return;
    this.finished = false;
    this.#openPage();
  }

  /** The log is whole: a file of the interview, named in its answers. */
  async finishing() {
    this.#closePage();
    for (const event of ['form save', 'form exit', 'form finalize']) this.note(event);
    this.finished = true;
    await this.#writing;
    await keepFile(this.filling.draft.id, NAME, new Blob([this.text()], { type: 'text/csv' }));
    this.filling.interview.answer(this.ref, NAME);
  }

  text() {
    return [this.columns, ...this.#lines].map((line) => `${line.map(cell).join(',')}\n`).join('');
  }

  note(event, { node = '', start = this.#now(), end = '', before = '', after = '' } = {}) {
    const place = this.whereabouts?.now() ?? ['', '', ''];
    this.#lines.push([
      event, node, String(start), String(end), ...(this.wants.place ? place : []), ...(this.wants.changes ? [before, after] : []),
      ...(this.wants.person ? [this.person] : []), ...(this.wants.reason ? [''] : []),
    ]);
  }

  #openPage() {
    const { page } = this.filling;
    const values = new Map(page.questions.map(({ ref }) => [ref, this.#valueOf(ref)]));
    this.#page = { kind: page.kind, key: page.key, start: this.#now(), values };
  }

  #closePage() {
    if (!this.#page) return;
    const { kind, key, start, values } = this.#page;
    const end = this.#now();
    this.#page = null;
    if (kind === 'end') return this.note('end screen', { start, end });
    if (kind === 'repeat') return this.note('add repeat', { node: key, start, end });
    if (values.size > 1) this.note('group questions', { node: parentOf([...values.keys()]), start, end });
    if (values.size > 1 && !this.wants.changes) return undefined;
    for (const [ref, before] of values) {
      const after = this.#valueOf(ref);
      this.note('question', { node: ref, start, end, ...(before === after ? {} : { before, after }) });
    }
    return undefined;
  }

  /** The interview is being left, or the phone locks: the log is written up to now. */
  leaving() {
    if (this.finished || this.left) return this.#writing;
    this.left = true;
    this.#closePage();
    if (this.filling.touched) this.note('form save');
    this.note('form exit');
    this.#store();
    return this.#writing;
  }

  /** Written after one another; a draft that nobody has answered leaves nothing. */
  #store() {
    if (!this.filling.touched || this.finished) return;
    this.#writing = this.#writing.then(async () => {
      const value = await protect({ lines: this.#lines }, this.#about());
      await commit([{ store: 'audit', key: this.filling.draft.id, value }]);
    }).catch(() => {});
  }

  #valueOf(ref) {
    return this.filling.interview.instance.find(ref)?.text ?? '';
  }

  #now() {
    return Math.round(this.#began + performance.now());
  }

  #about() {
    return `audit:${this.filling.draft.id}`;
  }
}

/** Who fills this in now: asked at each opening, with the last answer, or the phone's interviewer, already there. */
function askWho(usual, signal) {
  return new Promise((resolve) => {
    const field = h('input', { id: 'audit-who', required: true, maxlength: 120, autocomplete: 'off', value: lastPerson ?? usual });
    const done = (event) => {
      event?.preventDefault();
      if (field.value.trim() === '') return;
      lastPerson = field.value.trim();
      box.close();
    };
    const box = h('dialog.ask', { 'aria-labelledby': 'audit-who-label' }, h('form.stack', { onsubmit: done },
      h('label', { for: 'audit-who', id: 'audit-who-label' }, t('auditWho')), h('p.hint', {}, t('auditWhoHelp')), field,
      h('button.main', { type: 'submit' }, t('auditGo'))));
    box.addEventListener('cancel', (event) => event.preventDefault());
    box.addEventListener('close', () => resolve(lastPerson ?? usual));
    signal.addEventListener('abort', () => box.close());
    openDialog(box);
  });
}

/** The deepest path that all of these lie below. */
function parentOf(refs) {
  const parts = refs.map((ref) => ref.split('/').slice(0, -1));
  const [first] = parts;
  let depth = 0;
  while (depth < first.length && parts.every((each) => each[depth] === first[depth])) depth += 1;
  return first.slice(0, depth).join('/');
}

/** As the ODK specification escapes: quotes around what has commas or line breaks in it, or begins with a quote. */
function cell(value) {
  return /[,\n\r]|^"/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

function isTrue(text) {
  return /^(true|true\(\)|yes|1)$/i.test((text ?? '').trim());
}
