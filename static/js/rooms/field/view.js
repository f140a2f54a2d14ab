/** The team's own work: `#/field` lists its sites, `#/field/ID` is one of them with its dwellings, `#/field/watch` a visit. */
import { listen } from '../../bus.js';
import { addStyle, fill, h, icon } from '../../h.js';
import { get } from '../../store.js';
import { t, whenText } from '../../texts.js';
import { bar } from '../../views/parts.js';
import { begin, draftOf, Stopped } from './begin.js';
import { readOffice, recall, recallAll, stopAt } from './log.js';
import { stops } from './summary.js';
import { watchView } from './watch.js';
import './texts.js';

const CONTACT = 'ssr_contact';
const OBSERVER = 'ssr_observer';
const ENOUGH = 3;

export async function view(argument, { signal }) {
  await addStyle('field');
  if (argument === 'watch') return watchView(signal);
  const page = h('div.page.field');
  const draw = async () => page.replaceChildren(...(argument ? await onePlace(argument) : await places()));
  listen(['field', 'catalogue', 'drafts'], draw, signal);
  await draw();
  return page;
}

async function places() {
  const [office, forms, done, watch] = [await readOffice(), await formsHere(), await recallAll('done'), await recall('watch')];
  return [bar(t('work')), h('main', {},
    ...stops(office),
    office.old ? h('p.card.notice', {}, t('workOld')) : null,
    office.assignments.length
      ? h('ul.list', {}, office.assignments.map((each) => placeRow(each, office, done)))
      : office.old ? null : h('p.card.empty', {}, t('workNone')),
    forms.has(OBSERVER) ? h('section', {}, h('h2', {}, t('observe')), h('a.card', { href: '#/field/watch' },
      h('span.words', {}, h('strong', {}, watch ? t('pairVisit', { code: watch.visit }) : t('observePair')),
        watch ? h('span.small', {}, t('encounters', { n: watch.encounters })) : null), icon('next'))) : null)];
}

function placeRow(each, office, done) {
  const here = done.filter(({ site, wave }) => site === each.site.code && wave === each.wave.id).length;
  const stopped = each.stopped || stopAt(office, each.site.code);
  const gone = Math.max(each.received, here);
  return h(`li.card.place-row${stopped ? '.is-stopped' : ''}`, {}, h('a.row', { href: `#/field/${encodeURIComponent(each.id)}` },
    h('span.words', {},
      h('strong', {}, each.site.name === each.site.code ? each.site.code : `${each.site.code} · ${each.site.name}`),
      h('span.small', {}, [each.site.municipality, each.site.department_name].filter(Boolean).join(', ') || each.wave.name),
      stopped ? h('span.state.bad', {}, t('stop')) : each.target && scored(each) ? h('progress', { max: each.target, value: Math.min(gone, each.target), 'aria-label': progressText(each) }) : null,
      h('span.small', {}, [...(scored(each) ? [progressText(each), here > each.received ? t('workHere', { n: here }) : null] : []), daysText(each)].filter(Boolean).join(' · '))),
    icon('next')));
}

/** Where it is dangerous nobody is shown how far behind they are. */
function scored({ policies }) {
  return policies.score !== false;
}

function progressText({ received, target }) {
  return target ? t('workDone', { done: received, target }) : t('workGot', { n: received });
}

function daysText({ starts, ends }) {
  const today = localDay(new Date());
  if (starts > today) return t('workTomorrow');
  return starts === ends ? null : t('workDays', { from: shortDay(starts), to: shortDay(ends) });
}

function localDay(date) {
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`;
}

function shortDay(day) {
  return `${Number(day.slice(8))}/${Number(day.slice(5, 7))}`;
}

async function onePlace(id) {
  const [office, forms] = [await readOffice(), await formsHere()];
  const each = office.assignments.find((assignment) => assignment.id === id);
  if (!each) return [bar(t('work')), h('main', {}, h('p.card.empty', {}, t('workNone')))];
  const stop = stopAt(office, each.site.code) ?? (each.stopped ? { level: 'site', message: t('stopHere'), sites: [each.site.code] } : null);
  const visits = (await recallAll('visit')).filter(({ site, wave }) => site === each.site.code && (!wave || wave === each.wave.id || forms.has(CONTACT)));
  const done = await recallAll('done');
  return [bar(each.site.code), h('main', {},
    ...(stop ? stops({ stop_work: [stop] }) : []),
    h('p.lead', {}, each.site.name === each.site.code ? each.wave.name : each.site.name),
    rules(each.policies),
    stop ? null : await work(each, forms, visits, done))];
}

function rules({ gps, night, pairs }) {
  const lines = [t(gps ? 'ruleGps' : 'ruleNoGps'), pairs ? t('rulePairs') : null, night ? null : t('ruleNoNight')].filter(Boolean);
  return h('ul.card.rules.small', { 'aria-label': t('siteRules') }, lines.map((line) => h('li', {}, line)));
}

async function work(each, forms, visits, done) {
  if (each.form === OBSERVER || each.visit?.code) return h('a.main.wide', { href: '#/field/watch' }, t('observe'));
  if (!forms.has(CONTACT) || each.form === CONTACT) {
    const first = each.form === CONTACT ? 1 : null;
    return h('button.main.wide', { type: 'button', onclick: () => begin(each.form, answersFor(each, { dwelling: first }), { kind: 'interview', site: each.site.code }) }, t('interviewStraight'));
  }
  const numbers = [...new Set([...each.dwellings, ...visits.map(({ dwelling }) => dwelling)])].sort((a, b) => a - b);
  const rows = await Promise.all(numbers.map((number) => dwellingRow(each, forms, number, visits.filter(({ dwelling }) => dwelling === number), done)));
  return h('section', {}, h('h2', {}, t('dwellings')), h('ul.list', {}, rows), another(each), await declinePart(each, numbers, visits, done));
}

/** Declining the whole site, as long as any of its dwellings has no result. */
async function declinePart(each, numbers, visits, done) {
  const seen = new Set([...visits.map(({ dwelling }) => dwelling), ...numbers.filter((number) => done.some((one) => one.case === caseOf(each, number)))]);
  const left = (numbers.length ? numbers : [1]).filter((number) => !seen.has(number));
  if (left.length === 0) return null;
  const { declining } = await import('./decline.js');
  return declining(each.site.code, left.map((dwelling) => visitOf(each, dwelling, 1)));
}

async function dwellingRow(each, forms, number, visits, done) {
  const wanted = caseOf(each, number);
  const finished = done.some((one) => one.case === wanted);
  const last = visits.at(-1);
  const draft = forms.has(each.form) ? await draftOf(each.form, wanted) : null;
  const meets = ['11', '12'].includes(last?.disp);
  const said = finished ? t('interviewDone') : last ? t(`disp.${last.disp}`) : t('noVisits');
  return h(`li.card.dwelling${finished ? '.is-done' : ''}`, {},
    h('span.words', {}, h('strong', {}, t('dwelling', { n: number })),
      h('span.small', {}, [said, visits.length ? t('visits', { n: visits.length }) : null, last?.appt && !finished ? t('appointment', { when: whenText(last.appt) }) : null].filter(Boolean).join(' · ')),
      visits.length >= ENOUGH && !finished && !meets ? h('span.small', {}, t('visitsEnough')) : null),
    finished ? icon('check') : h('span.row.ways', {},
      meets || draft ? h('button.main', { type: 'button', onclick: () => interview(each, number, wanted) }, t(draft ? 'interviewGo' : 'interviewDo')) : null,
      meets ? null : h('button.plain', { type: 'button', onclick: () => visit(each, number, visits.length + 1) }, t('visitNote', { n: visits.length + 1 }))));
}

function another(each) {
  const field = h('input', { id: 'dwelling', inputmode: 'numeric', maxlength: 3, 'aria-describedby': 'dwelling-message' });
  const message = h('p.message', { id: 'dwelling-message', role: 'alert' });
  const submit = (event) => {
    event.preventDefault();
    const number = Number(field.value);
    if (!(Number.isInteger(number) && number >= 1 && number <= 999)) return fill(message, t('dwellingBad'));
    return visit(each, number, 1);
  };
  return h('details.card', {}, h('summary', {}, t('dwellingOther')),
    h('form.stack', { onsubmit: submit }, h('label', { for: 'dwelling' }, t('dwellingNumber')), field, message, h('button.plain', {}, t('visitNote', { n: 1 }))));
}

/** What form H is told of a visit. */
function visitOf(each, dwelling, attempt) {
  const next = { form: each.form, answers: answersFor(each, {}) };
  const link = { kind: 'contact', case: caseOf(each, dwelling), site: each.site.code, dwelling, next, visit: attempt };
  return { answers: answersFor(each, { dwelling, attempt }), link };
}

async function visit(each, dwelling, attempt) {
  const { answers, link } = visitOf(each, dwelling, attempt);
  await guarded(() => begin(CONTACT, answers, link));
}

async function interview(each, dwelling, wanted) {
  await guarded(() => begin(each.form, answersFor(each, { dwelling }), { kind: 'interview', case: wanted, site: each.site.code, dwelling }));
}

async function guarded(work_) {
  try {
    await work_();
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  }
}

/** What the form would ask and the office knows already. */
function answersFor({ site, wave }, more) {
  return { wave: wave.ordinal, country: site.country, adm1: site.department, psu: site.code, post: site.code, ...more };
}

/** As the perception form writes it: GT1701034-D007-W1. */
function caseOf({ site, wave }, dwelling) {
  return `${site.code}-D${String(dwelling).padStart(3, '0')}-W${wave.ordinal}`;
}

async function formsHere() {
  return new Set(((await get('meta', 'catalogue'))?.forms ?? []).map(({ id }) => id));
}
