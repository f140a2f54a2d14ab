/**
 * An interview as a row of short pages: one question each (or, if the enumerator wants, a section's questions together), a
 * field-list group together, one page after a repeat that grows by hand, and the end. Only what is relevant now has a page.
 *
 *   { key, kind: 'questions' | 'repeat' | 'end', questions, section, heading, skipped, repeat? }
 *
 * `key` is the path of the first question (or of the repeat, or 'end'): it stays the same while others come and go.
 * `skipped` counts the questions before it that aren't relevant now. `section` and `heading` are read when they are shown:
 * answers and the language may change them.
 */
const LIKELY = 0.5;
const TOGETHER = 20;

class Page {
  constructor(key, kind, skipped, { section = () => '', heading = () => '', ...more } = {}) {
    Object.assign(this, { key, kind, skipped, questions: [], titles: { section, heading }, ...more });
  }

  get section() {
    return this.titles.section();
  }

  get heading() {
    return this.titles.heading();
  }
}

/**
 * The pages of `interview` as it stands; `binds` maps plain paths to the form's binds. With `whole` the questions of a
 * section share pages, cut after every twentieth, so that a page never grows long enough to be slow. A question whose
 * plain path `withholds` names has no page.
 */
export function pagesOf(interview, binds, { whole = false, withholds = () => false } = {}) {
  const pages = [];
  const { instance, texts } = interview;
  let skipped = 0;
  let walked = 0;
  const labelOf = ({ control, ref }) => () => (control.label ? texts.plain(control.label, instance.find(ref) ?? instance.root) : '');

  function walk(entry, around) {
    if (entry.control.appearance?.includes('hidden') || withholds(entry.control.ref)) return;
    if (!entry.relevant) pass(questionsIn(entry));
    else if (entry.control.kind === 'group') walkGroup(entry, around);
    else if (entry.control.kind === 'repeat') walkRepeat(entry, around);
    else addQuestion(entry, around);
  }

  function pass(count) {
    skipped += count;
    walked += count;
  }

  function walkGroup(entry, around) {
    const label = labelOf(entry);
    const starts = !around.together && entry.control.appearance?.includes('field-list');
    const together = starts ? { heading: label, section: around.section, page: null } : around.together;
    const section = entry.control.label ? () => label() || around.section() : around.section;
    for (const child of entry.children) walk(child, { section, together, part: entry.control.label ? entry : around.part });
  }

  function walkRepeat(entry, around) {
    const label = labelOf(entry);
    const name = () => label() || around.section();
    entry.children.forEach((each, index) => {
      if (!each.relevant) return;
      for (const child of each.children) walk(child, { ...around, section: () => `${name()} · ${index + 1}`, part: each });
    });
    const grows = !entry.control.count && !entry.control.no_add_remove;
    const hidden = entry.children.length > 0 && !entry.children.some(({ relevant }) => relevant);
    if (!grows || hidden) return;
    const repeat = { ref: entry.ref, count: entry.children.length, get label() { return name(); } };
    pages.push(new Page(entry.ref, 'repeat', skipped, { section: name, repeat }));
  }

  function addQuestion({ ref, control, node }, around) {
    const question = { ref, control, node, bind: binds.get(control.ref) ?? {} };
    const open = around.together?.page ?? (whole && !around.together ? openPage(around.part) : null);
    walked += 1;
    if (open) {
      open.questions.push(question);
      return;
    }
    const page = new Page(ref, 'questions', skipped, around.together ?? { section: around.section, part: around.part, chunk: chunk(walked - 1) });
    page.questions.push(question);
    if (around.together) around.together.page = page;
    pages.push(page);
  }

  /** The page that this section's next question may join. */
  function openPage(part) {
    const last = pages.at(-1);
    return last?.kind === 'questions' && last.part === part && last.chunk === chunk(walked) ? last : null;
  }

  for (const entry of interview.tree()) walk(entry, { section: () => '', together: null, part: null });
  pages.push(new Page('end', 'end', skipped));
  return pages;
}

const chunk = (walked) => Math.floor(walked / TOGETHER);

/** Where a page is now: the one with this key or question, else the place where it was. */
export function indexOfPage(pages, key, before = 0) {
  const index = pages.findIndex((page) => page.key === key || page.questions.some(({ ref }) => ref === key));
  return index >= 0 ? index : Math.min(before, pages.length - 1);
}

/**
 * About how many pages there will be, seen from the page at `index`: later answers will bring some of the questions in
 * that aren't relevant yet. Exact on the last page.
 */
export function aboutHowMany(pages, index, { whole = false } = {}) {
  const ahead = whole ? 0 : pages.at(-1).skipped - pages[index].skipped;
  return pages.length - 1 + Math.round(ahead * LIKELY);
}

function questionsIn(entry) {
  return entry.children ? entry.children.reduce((sum, child) => sum + questionsIn(child), 0) : 1;
}
