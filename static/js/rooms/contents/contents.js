/** The list of all pages, by section, each with its state; a tap goes there. And how the interview is to look. */
import { fill, h, icon, openDialog, prose } from '../../h.js';
import { t } from '../../texts.js';
import { isHeading } from '../../kinds.js';
import { spoken, troubleOf } from '../../views/question.js';
import { looksPart } from '../looks/looks.js';
import { stopButton } from './stop.js';
import './texts.js';

const FOLD_FROM = 60;

/**
 * Open the list; `jump(key)` is called with the page that was chosen, `changed()` when pages are to lie otherwise, `save()`
 * before the interview is left.
 */
export function showContents(filling, { jump, near, changed, save }) {
  const choose = (key) => { box.close(); jump(key); };
  const stop = stopButton(filling, { save, stopped: () => box.close() });
  const box = h('dialog.contents', { 'aria-labelledby': 'contents-title' },
    h('header.bar', {}, h('h2', { id: 'contents-title', tabindex: -1, autofocus: true }, t('contents')),
      h('button.quiet', { type: 'button', onclick: () => box.close() }, t('close'))),
    h('div.sections', {}, sections(filling, choose), looksPart({ whole: true, changed: () => { box.close(); changed(); } })),
    stop ? h('footer.foot', {}, stop) : null);
  openDialog(box, near);
  box.querySelector('[aria-current]')?.scrollIntoView({ block: 'center' });
}

function sections(filling, choose) {
  const parts = [];
  for (const page of filling.pages) {
    const name = page.section;
    if (parts.at(-1)?.name !== name) parts.push({ name, pages: [] });
    parts.at(-1).pages.push(page);
  }
  const many = filling.pages.length > FOLD_FROM && parts.length > 2;
  const end = many ? parts.pop() : null;
  const shown = parts.map(({ name, pages }) => (many ? folded(name, pages, filling, choose) : h('section', {}, name ? h('h3', {}, h('bdi', {}, name)) : null, rows(pages, filling, choose))));
  return end ? [...shown, rows(end.pages, filling, choose)] : shown;
}

function rows(pages, filling, choose) {
  return h('ol', {}, pages.map((page) => row(page, filling, choose)));
}

/** A section of a long form: how it stands, and its pages when it is opened. */
function folded(name, pages, filling, choose) {
  const marks = pages.map((page) => markOf(page, filling.interview));
  const count = (mark) => marks.filter((each) => each === mark).length;
  const facts = ['wrong', 'open'].filter(count).map((mark) => `${count(mark)} ${t(wordsOf(mark))}`);
  const list = h('div');
  const box = h('details', { open: pages.includes(filling.page), ontoggle: () => { if (box.open && !list.hasChildNodes()) fill(list, rows(pages, filling, choose)); } },
    h('summary', {}, h('bdi', {}, name || t('start')), h('span.small', {}, facts.join(', ') || t('contentsAnswered'))), list);
  if (box.open) fill(list, rows(pages, filling, choose));
  return box;
}

function row(page, filling, choose) {
  const mark = markOf(page, filling.interview);
  const current = page === filling.page;
  return h('li', {}, h(`button.entry.is-${mark}`, { type: 'button', 'aria-current': current ? 'step' : null, onclick: () => choose(page.key) },
    h('span.mark', {}, mark === 'answered' ? icon('check') : mark === 'wrong' ? icon('warn') : null),
    h('span.label', {}, h('bdi', {}, prose(nameOf(page, filling.interview)))),
    mark === 'none' ? null : h('span.hidden-words', {}, t(wordsOf(mark)))));
}

const wordsOf = (mark) => `contents${mark[0].toUpperCase()}${mark.slice(1)}`;

function nameOf(page, interview) {
  if (page.kind === 'end') return t('end');
  if (page.kind === 'repeat') return t('repeatMore');
  const [{ ref, control }] = page.questions;
  const first = page.heading || spoken(interview.state(ref), control.label);
  return page.heading || page.questions.length === 1 ? first : t('contentsMore', { first, n: page.questions.length - 1 });
}

/** 'answered', 'wrong', 'open' (not answered yet), or 'none' for pages that only tell. */
function markOf(page, interview) {
  const asked = page.questions.filter((question) => !isHeading(question)).map(({ ref }) => interview.state(ref)).filter((state) => state.editable);
  if (asked.length === 0) return 'none';
  if (asked.some((state) => state.value !== '' && troubleOf(state))) return 'wrong';
  return asked.some((state) => state.value === '') ? 'open' : 'answered';
}
