/**
 * An interview as a row of short pages: one question each, a field-list group together, one page per repeat that grows by
 * hand, and the end. Only what is relevant now has a page.
 *
 *   { key, kind: 'questions' | 'repeat' | 'end', questions, groups, heading }
 */

/** The pages of `interview` as it stands. */
export function pagesOf(interview) {
  const pages = [];
  for (const question of interview.questions()) {
    if (!question.relevant || isHidden(question)) continue;
    const shared = fieldList(question.groups);
    const last = pages.at(-1);
    if (shared && last?.shared === shared.ref) last.questions.push(question);
    else pages.push({ key: question.ref, kind: 'questions', shared: shared?.ref ?? null, heading: shared?.label ?? '', questions: [question], groups: question.groups });
  }
  for (const repeat of interview.repeats()) if (repeat.relevant && !repeat.fixed) insert(pages, repeat);
  pages.push({ key: 'end', kind: 'end', questions: [], groups: [] });
  return pages;
}

/** The words over a page: the innermost group that has a name, with its number inside a repeat. */
export function sectionOf(page) {
  const group = page.groups.filter(({ label, ref }) => label && ref !== page.shared).at(-1);
  if (!group) return '';
  const position = page.groups.filter(({ position: n }) => n).at(-1)?.position;
  return position ? `${group.label} · ${position}` : group.label;
}

/** Where a page is now: the same key, else the last page before where it was. */
export function indexOfPage(pages, key, before = 0) {
  const index = pages.findIndex((page) => page.key === key || page.questions.some(({ ref }) => ref === key));
  return index >= 0 ? index : Math.min(before, pages.length - 1);
}

/** A page that asks nothing and says nothing has no place on the screen. */
function isHidden({ control }) {
  return (control.appearance ?? []).includes('hidden');
}

function fieldList(groups) {
  return groups.find(({ appearance }) => (appearance ?? []).includes('field-list'));
}

function insert(pages, repeat) {
  const page = { key: repeat.ref, kind: 'repeat', repeat, questions: [], groups: repeat.groups ?? [] };
  const after = repeat.after ? pages.findIndex(({ questions }) => questions.some(({ ref }) => ref === repeat.after)) : -1;
  const inside = pages.findLastIndex(({ questions }) => questions.some(({ ref }) => ref.startsWith(`${repeat.ref}[`)));
  const before = after >= 0 ? after : inside >= 0 ? inside : placeByOrder(pages, repeat);
  pages.splice(before + 1, 0, page);
}

/** A repeat without instances stands after the last page whose question comes before it in the form. */
function placeByOrder(pages, repeat) {
  return repeat.previous ? pages.findIndex(({ questions }) => questions.some(({ ref }) => ref === repeat.previous)) : -1;
}
