/** Opening an interview to fill it in: held by this tab, and said in words when it can't be opened. */
import { whenIdle } from '../boot.js';
import { listen } from '../bus.js';
import { holdDraft } from '../drafts.js';
import { CantOpen, openFilling, retake } from '../filling.js';
import { h } from '../h.js';
import { go } from '../router.js';
import { t } from '../texts.js';
import { enterRooms } from './controls/index.js';
import { FillPage } from './fillpage.js';
import { bar, leaveNotice } from './parts.js';

const RESTRICTED = 'new:ssr_restricted';

export async function fillView(argument, { signal }) {
  if (argument !== RESTRICTED) return open(argument, signal);
  const { waitView } = await import('../rooms/field/later.js');
  const wait = await waitView(async () => wait.replaceWith(await open(argument, signal)));
  return wait ?? open(argument, signal);
}

async function open(argument, signal) {
  try {
    const filling = await openFilling(argument);
    return await holdAndFill(filling, signal);
  } catch (error) {
    if (!(error instanceof CantOpen)) throw error;
    if (error.key === 'formMissing') listen('catalogue', () => go(location.hash), signal); // it may be on its way
    return sorry(t(error.key), error.cause ? h('p.small', { lang: 'en' }, error.cause.message) : null);
  }
}

async function holdAndFill(filling, signal, takeOver = false) {
  const lost = () => { leaveNotice(t('takenOver')); go('#/'); };
  const letGo = await holdDraft(filling.draft.id, { takeOver, lost: () => signal.aborted || lost() });
  if (letGo === null) return elsewhere(filling, signal);
  signal.addEventListener('abort', letGo);
  const current = takeOver ? await retake(filling.draft.id) : filling;
  whenIdle(() => enterRooms(current.form));
  return new FillPage(current, signal, lost).element;
}

function elsewhere(filling, signal) {
  const view = sorry(t('openElsewhere'), h('button.main', {
    onclick: async () => view.replaceWith(await holdAndFill(filling, signal, true)),
  }, t('takeOver')));
  return view;
}

function sorry(words, ...more) {
  return h('div.page', {}, bar(t('app')), h('main.stack', {}, h('p.card.notice', { role: 'alert' }, words), ...more));
}
