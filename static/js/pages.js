/**
 * An interview as a row of short pages: one question each, a field-list group together, one page after a repeat that
 * grows by hand, and the end. Only what is relevant now has a page.
 *
 *   { key, kind: 'questions' | 'repeat' | 'end', questions, section, heading, skipped, repeat? }
 *
 * `key` is the path of the first question (or of the repeat, or 'end'): it stays the same while others come and go.
 * `skipped` counts the questions before it that aren't relevant now.
 */
const LIKELY = 0.5;

/** The pages of `interview` as it stands; `binds` maps plain paths to the form's binds. */
export function pagesOf(interview, binds) {
  const pages = [];
  let skipped = 0;
  const { instance, texts } = interview;
  const labelOf = ({ control, ref }) => (control.label ? texts.plain(control.label, instance.find(ref) ?? instance.root) : '');

  function walk(entry, around) {
    if (looksOf(entry).includes('hidden')) return;
    if (!entry.relevant) skipped += questionsIn(entry);
    else if (entry.control.kind === 'group') walkGroup(entry, around);
    else if (entry.control.kind === 'repeat') walkRepeat(entry, around);
    else addQuestion(entry, around);
  }

  function walkGroup(entry, around) {
    const label = labelOf(entry);
    const starts = looksOf(entry).includes('field-list');
    const together = around.together ?? (starts ? { heading: label, section: around.section, page: null } : null);
    const inside = { section: label || around.section, together };
    for (const child of entry.children) walk(child, inside);
  }

  function walkRepeat(entry, around) {
    const name = labelOf(entry) || around.section;
    entry.children.forEach((instance, index) => {
      if (!instance.relevant) return;
      for (const child of instance.children) walk(child, { ...around, section: `${name} · ${index + 1}` });
    });
    const grows = !entry.control.count && !entry.control.no_add_remove;
    const hidden = entry.children.length > 0 && !entry.children.some(({ relevant }) => relevant);
    if (!grows || hidden) return;
    const repeat = { ref: entry.ref, label: name, count: entry.children.length };
    pages.push({ key: entry.ref, kind: 'repeat', questions: [], section: name, skipped, repeat });
  }

  function addQuestion({ ref, control }, { section, together }) {
    const question = { ref, control, bind: binds.get(ref.replace(/\[\d+\]/g, '')) ?? {} };
    if (together?.page) together.page.questions.push(question);
    else {
      const around = together ?? { section, heading: '' };
      const page = { key: ref, kind: 'questions', questions: [question], section: around.section, heading: around.heading, skipped };
      if (together) together.page = page;
      pages.push(page);
    }
  }

  for (const entry of interview.tree()) walk(entry, { section: '', together: null });
  pages.push({ key: 'end', kind: 'end', questions: [], section: '', skipped });
  return pages;
}

/** Where a page is now: the one with this key or question, else the place where it was. */
export function indexOfPage(pages, key, before = 0) {
  const index = pages.findIndex((page) => page.key === key || page.questions.some(({ ref }) => ref === key));
  return index >= 0 ? index : Math.min(before, pages.length - 1);
}

/**
 * About how many pages there will be, seen from the page at `index`: later answers will bring some of the questions in
 * that aren't relevant yet. Exact on the last page.
 */
export function aboutHowMany(pages, index) {
  const ahead = pages.at(-1).skipped - pages[index].skipped;
  return pages.length - 1 + Math.round(ahead * LIKELY);
}

function questionsIn(entry) {
  return entry.children ? entry.children.reduce((sum, child) => sum + questionsIn(child), 0) : 1;
}

function looksOf({ control }) {
  return control.appearance ?? [];
}
