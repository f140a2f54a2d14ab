/** The page after a repeat that grows by hand: how many there are, add one, take the last one away. */
import { h, icon } from '../../h.js';
import { t } from '../../texts.js';
import { confirm } from '../../views/asking.js';
import './texts.js';

export function repeatPage({ repeat }, filling, { changed }) {
  const { ref, label, count } = repeat;
  const remove = async () => {
    if (!(await confirm(t('repeatRemoveAsk'), t('yesDelete')))) return;
    filling.removeRepeat(`${ref}[${count}]`);
    changed();
  };
  const add = () => {
    filling.addRepeat(ref);
    filling.moveTo(firstQuestion(filling, `${ref}[${count + 1}]/`));
    changed();
  };
  return [
    h('h1.statement', { tabindex: -1 }, label || t('repeatMore')),
    h('p.hint', { role: 'status' }, t('repeatCount', { n: count })),
    h('div.stack', {},
      h('button.plain.wide', { type: 'button', onclick: add }, icon('plus'), t('repeatAdd')),
      count ? h('button.quiet', { type: 'button', onclick: remove }, t('repeatRemove')) : null),
  ];
}

function firstQuestion(filling, start) {
  return filling.pages.find(({ questions }) => questions[0]?.ref.startsWith(start))?.key ?? filling.page.key;
}
