/** The list of all pages, by section, each with its state; a tap goes there. */
import { h, icon } from '../h.js';
import { t } from '../texts.js';
import { troubleOf } from './question.js';

/** Open the list; `jump(key)` is called with the page that was chosen. */
export function showContents(filling, jump) {
  const choose = (key) => { box.close(); jump(key); };
  const box = h('dialog.contents', { 'aria-labelledby': 'contents-title', onclose: () => box.remove() },
    h('header.bar', {}, h('h2', { id: 'contents-title', tabindex: -1, autofocus: true }, t('contents')),
      h('button.quiet', { type: 'button', onclick: () => box.close() }, t('close'))),
    h('div.sections', {}, sections(filling, choose)));
  document.body.append(box);
  box.showModal();
  box.querySelector('[aria-current]')?.scrollIntoView({ block: 'center' });
}

function sections(filling, choose) {
  const parts = [];
  for (const page of filling.pages) {
    const name = page.section;
    if (parts.at(-1)?.name !== name) parts.push({ name, rows: [] });
    parts.at(-1).rows.push(row(page, filling, choose));
  }
  return parts.map(({ name, rows }) => h('section', {}, name ? h('h3', {}, name) : null, h('ol', {}, rows)));
}

function row(page, filling, choose) {
  const mark = markOf(page, filling.interview);
  const current = page === filling.page;
  return h('li', {}, h(`button.entry.is-${mark}`, { type: 'button', 'aria-current': current ? 'step' : null, onclick: () => choose(page.key) },
    h('span.mark', {}, mark === 'answered' ? icon('check') : mark === 'wrong' || mark === 'missing' ? icon('warn') : null),
    h('span.label', {}, nameOf(page, filling.interview)),
    mark === 'none' ? null : h('span.hidden-words', {}, t(`contents${mark[0].toUpperCase()}${mark.slice(1)}`))));
}

function nameOf(page, interview) {
  if (page.kind === 'end') return t('end');
  if (page.kind === 'repeat') return t('repeatMore');
  return page.heading || interview.state(page.questions[0].ref).label;
}

/** 'answered', 'wrong', 'open' (not answered yet), or 'none' for pages that only tell. */
function markOf(page, interview) {
  const asked = page.questions.map((question) => [question, interview.state(question.ref)]).filter(([, state]) => state.editable);
  if (asked.length === 0) return 'none';
  if (asked.some(([question, state]) => state.value !== '' && troubleOf(question, state))) return 'wrong';
  return asked.some(([, state]) => state.value === '') ? 'open' : 'answered';
}
