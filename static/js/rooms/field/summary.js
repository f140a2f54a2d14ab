/** The fieldwork on the first screen: stops of work, what is still to do, the next check-in, today's sites, the card. */
import { addStyle, h, icon } from '../../h.js';
import { t } from '../../texts.js';
import { begin } from './begin.js';
import { showCard } from './card.js';
import { readOffice, recall, recallAll } from './log.js';
import './texts.js';

const CHECK_IN = 'ssr_checkin';
const MEETS = ['11', '12'];

/** The elements, in their order; none on a phone that has nothing to do with a team. */
export async function fieldSummary(forms) {
  const office = await readOffice();
  await addStyle('field');
  return [
    ...stops(office),
    ...(await toInterview(office, forms)),
    await checkIn(office, forms),
    today(office, await recall('watch'), forms),
    office.referral ? cardButton(office) : null,
  ].filter(Boolean);
}

/** What is stopped, first of all and on every visit. */
export function stops(office) {
  return office.stop_work.map(({ level, message, sites }) => h('section.card.stop', { role: 'alert' },
    h('h2', {}, icon('warn'), t('stop')),
    h('p', {}, h('strong', {}, message)),
    h('p.small', {}, level === 'programme' ? t('stopAll') : t('stopSites', { list: sites.slice(0, 12).join(', ') })),
    h('p.small', {}, t('stopHere'))));
}

/** A visit that ended with somebody to interview, whose interview isn't done yet. */
async function toInterview(office, forms) {
  const done = new Set((await recallAll('done')).map((each) => each.case));
  const open = (await recallAll('visit')).filter((visit) => MEETS.includes(visit.disp) && visit.next && !done.has(visit.case));
  return open.filter((visit) => forms.some(({ id }) => id === visit.next.form)).map((visit) => h('button.card.next-step', {
    type: 'button', onclick: () => begin(visit.next.form, { ...visit.next.answers, dwelling: visit.dwelling }, { kind: 'interview', case: visit.case, site: visit.site, dwelling: visit.dwelling }),
  }, h('span.words', {}, h('strong', {}, t('interviewDo')), h('span.small', {}, t('interviewNext', { site: visit.site, n: visit.dwelling }))), icon('next')));
}

async function checkIn(office, forms) {
  if (!office.assignments.length || !forms.some(({ id }) => id === CHECK_IN)) return null;
  const due = nextCheckIn(office.policies.check_in_times ?? [], await recall('check-in'), new Date());
  if (!due) return null;
  const hour = `${String(due.getHours()).padStart(2, '0')}:${String(due.getMinutes()).padStart(2, '0')}`;
  const late = Date.now() > due.getTime() + (office.policies.check_in_late_minutes ?? 30) * 60_000;
  return h(`section.card.check-in${late ? '.is-late' : ''}`, late ? { role: 'alert' } : {},
    h('span.words', {}, h('strong', {}, t('checkIn')), h('span.small', {}, t(late ? 'checkInLate' : 'checkInDue', { hour }))),
    h('a.plain', { href: `#/fill/${encodeURIComponent(`new:${CHECK_IN}`)}` }, t('checkInDo')));
}

/** The moment of the next check-in: what was promised in the last one, else the programme's first hour after it. */
export function nextCheckIn(hours, last, at) {
  const from = last ? new Date(last.at) : new Date(new Date(at).setHours(0, 0, 0, 0));
  const promised = /^(\d\d):(\d\d)/.exec(last?.next ?? '');
  const wanted = promised ? [promised[0]] : hours;
  const moments = [0, 1].flatMap((day) => wanted.map((hour) => {
    const [h_, m] = hour.split(':').map(Number);
    const moment = new Date(from);
    moment.setDate(moment.getDate() + day);
    moment.setHours(h_, m, 0, 0);
    return moment;
  }));
  return moments.filter((moment) => moment > from).sort((a, b) => a - b)[0] ?? null;
}

function today({ assignments, old }, watch, forms) {
  const observes = forms.some(({ id }) => id === 'ssr_observer');
  if (!assignments.length && !old && !watch && !observes) return null;
  const words = watch ? t('pairVisit', { code: watch.visit }) : assignments.length ? t('workSites', { n: assignments.length }) : old ? t('workOld') : t('observe');
  return h('a.card.work', { href: '#/field' },
    h('span.badge', {}, icon('pin')),
    h('span.words', {}, h('strong', {}, t('work')), h('span.small', {}, words)), icon('next'));
}

function cardButton(office) {
  return h('button.quiet.card-button', { type: 'button', onclick: () => showCard(office) }, t('card'));
}
