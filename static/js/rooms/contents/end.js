/** The last page: what still needs an answer, each with a link to it, and the button that finishes. */
import { fill, h, icon } from '../../h.js';
import { t } from '../../texts.js';
import './texts.js';

export function endPage(filling, { jump, finish }) {
  const problems = filling.problems();
  const title = h('h1.statement', { tabindex: -1 }, t('end'));
  if (problems.length) return [title, summary(problems, jump)];
  const button = h('button.main.wide', { type: 'button', onclick: () => {
    button.disabled = true;
    fill(button, t('finishing'));
    finish().finally(() => { button.disabled = false; fill(button, t('finish')); });
  } }, t('finish'));
  return [title, h('p.card.notice', {}, icon('check'), t('endReady')), h('p', {}, t('endHelp')), button];
}

/** The list of problems, focused when the page opens, in the order of the form. */
function summary(problems, jump) {
  return h('section.card.summary', { 'aria-labelledby': 'summary-title', tabindex: -1 },
    h('h2', { id: 'summary-title' }, icon('warn'), t('endProblems', { n: problems.length })),
    h('ul', {}, problems.map((problem) => h('li', {},
      h('button.link', { type: 'button', onclick: () => jump(problem.ref) },
        h('span', {}, h('bdi', {}, problem.label)), h('span.small', {}, wordsFor(problem)))))));
}

function wordsFor({ kind, message }) {
  return message || t(kind === 'required' ? 'required' : 'wrongValue');
}
