/**
 * A visit of observation: alone or as a pair that shares its visit code by a QR code or by letters read aloud, with a running
 * clock, counters, and each encounter begun with what both have to write alike.
 */
import { listen } from '../../bus.js';
import { fill, h, icon, openDialog } from '../../h.js';
import { go } from '../../router.js';
import { get } from '../../store.js';
import { t } from '../../texts.js';
import { confirm } from '../../views/asking.js';
import { bar } from '../../views/parts.js';
import { scanCode } from '../enrol/scan.js';
import { begin, draftOf, Stopped } from './begin.js';
import { showCard } from './card.js';
import { newVisitCode, readPair, writePair, writeShort } from './code.js';
import { forget, note, readOffice, recall } from './log.js';
import { qrOf } from './qr.js';

const OBSERVER = 'ssr_observer';
const SETTLING = 15 * 60_000;
const ENOUGH_TIME = 90 * 60_000;
const ENOUGH = 8;
const COUNTERS = ['people', 'vehicles', 'stopped'];
const NAMES = { people: 'tallyPeople', vehicles: 'tallyVehicles', stopped: 'tallyStopped' };
const SVG = 'http://www.w3.org/2000/svg';

export async function watchView(signal) {
  const page = h('div.page.field.watch');
  const draw = async () => {
    const watch = await recall('watch');
    const device = await get('meta', 'device');
    fill(page, bar(t('observe')), h('main', {}, ...(watch ? await going(watch, device, signal) : await starting(device, signal))));
  };
  listen('drafts', draw, signal);
  page.redraw = draw;
  await draw();
  return page;
}

const redraw = (element) => element.closest('.watch')?.redraw();

/** Before a visit: alone, or as a pair, at an assigned post or wherever the form will ask. */
async function starting(device, signal) {
  const office = await readOffice();
  const planned = office.assignments.filter((each) => each.form === OBSERVER);
  const rows = planned.map((each) => h('li', {}, h('button.card.place-row', { type: 'button', disabled: each.stopped, onclick: (event) => start(event.currentTarget, fromPlan(each)) },
    h('span.words', {}, h('strong', {}, `${each.site.code} · ${each.site.name}`), h('span.small', {}, each.visit?.code ? t('pairVisit', { code: each.visit.code }) : each.wave.name)), icon('next'))));
  return [
    rows.length ? h('ul.list', {}, rows) : null,
    h('button.plain.wide', { type: 'button', onclick: (event) => start(event.currentTarget, { visit: newVisitCode() }) }, t('observeAlone')),
    reader(device, signal),
  ];
}

function fromPlan({ site, wave, visit }) {
  const where = { post: site.code, department: site.department, country: site.country, wave: wave.ordinal };
  return { ...where, visit: visit?.code || newVisitCode(), mode: visit?.mode ?? '', paired: visit?.paired === '1' };
}

async function start(element, begun) {
  await note('watch', { started: new Date().toISOString(), counts: {}, every: 0, next: 1, encounters: 0, partner: '', paired: false, ...begun });
  redraw(element);
}

/** Joining the visit of another: scanned, or typed as it was read aloud. */
function reader(device, signal) {
  const message = h('p.message', { id: 'pair-message', role: 'alert' });
  const field = h('input', { id: 'pair-code', autocapitalize: 'characters', autocomplete: 'off', spellcheck: 'false', 'aria-describedby': 'pair-message', oninput: () => fill(message) });
  const take = (text, element) => {
    const pair = readPair(text);
    if (!pair) return fill(message, t('pairBad'));
    if (pair.observer && pair.observer === device?.interviewer) return fill(message, t('pairMine'));
    const { encounter, observer, form, ...where } = pair;
    return start(element, { ...where, next: encounter, partner: observer, paired: true });
  };
  return h('section.card.stack', {}, h('h2', {}, t('pairRead')),
    scanner(signal, (text) => take(text, field), () => fill(message, t('pairNoCamera'))),
    h('form.stack', { onsubmit: (event) => { event.preventDefault(); take(field.value, field); } },
      h('label', { for: 'pair-code' }, t('pairTyped')), field, message, h('button.plain', {}, t('pairJoin'))));
}

/** The camera, where the browser reads codes; `refused()` when it can't be used. */
function scanner(signal, found, refused) {
  if (!('BarcodeDetector' in self)) return null;
  const place = h('div.scanner');
  const look = async () => {
    const text = await scanCode(place, t('pairScan'), signal);
    return text === null ? null : found(text);
  };
  place.append(h('button.plain.wide', { type: 'button', onclick: () => look().catch(refused) }, t('pairScan')));
  return place;
}

/** During a visit. */
async function going(watch, device, signal) {
  const draft = await draftOf(OBSERVER, encounterOf(watch));
  const enough = watch.encounters >= ENOUGH || Date.now() - Date.parse(watch.started) > ENOUGH_TIME;
  const { referral, assignments } = await readOffice();
  return [
    h('p.card.notice.calm', {}, icon('warn'), h('span', {}, t('neverIntervene'))),
    referral ? h('button.plain.wide', { type: 'button', onclick: () => showCard({ referral, assignments }) }, t('callNumbers')) : null,
    clock(watch, signal),
    watch.paired || watch.partner ? pairCard(watch, device) : h('button.plain.wide', { type: 'button', onclick: (event) => change(event.currentTarget, watch, { paired: true }) }, t('observePair')),
    h('button.main.wide.big-button', { type: 'button', onclick: () => encounter(watch) }, t(draft ? 'encounterGo' : 'encounterDo', { n: two(watch.next) })),
    h('p.small', {}, [t('encounters', { n: watch.encounters }), enough ? t('encountersEnough') : null].filter(Boolean).join(' · ')),
    tally(watch),
    h('button.quiet', { type: 'button', onclick: async (event) => {
      const { currentTarget } = event;
      if (await confirm(t('pairEndAsk'), t('pairEnd'))) { await note('left', { at: new Date().toISOString() }); await forget('watch'); redraw(currentTarget); }
    } }, t('pairEnd')),
  ];
}

async function change(element, watch, changes) {
  Object.assign(watch, changes);
  await note('watch', watch);
  redraw(element);
}

function clock(watch, signal) {
  const shown = h('strong.clock-time', { role: 'timer' });
  const settling = h('span.small', {});
  const tick = () => {
    const gone = Math.max(0, Date.now() - Date.parse(watch.started));
    const minutes = Math.floor(gone / 60_000);
    shown.textContent = `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(Math.floor(gone / 1000) % 60)}`;
    settling.textContent = gone < SETTLING ? t('clockSettling') : '';
  };
  const timer = setInterval(() => (shown.isConnected ? tick() : clearInterval(timer)), 1000);
  signal.addEventListener('abort', () => clearInterval(timer));
  tick();
  return h('section.card.clock', {}, h('h2', {}, t('clock')), shown, h('span.small', {}, t('pairVisit', { code: watch.visit })), settling);
}

/** Who the other is, and the code for them. */
function pairCard(watch, device) {
  const field = h('input', { id: 'partner', value: watch.partner, pattern: 'OB[0-9]{3}', autocapitalize: 'characters', autocomplete: 'off', maxlength: 5, oninput: () => {
    const code = field.value.trim().toUpperCase();
    if (/^OB\d{3}$/.test(code) && code !== device?.interviewer) note('watch', Object.assign(watch, { partner: code }));
  } });
  return h('section.card.stack.pair', {},
    h('h2', {}, t('pairWith', { who: watch.partner || t('pairSomebody') })),
    h('button.plain.wide', { type: 'button', onclick: () => showCode(watch, device) }, t('pairShow')),
    h('label', { for: 'partner' }, t('pairPartner')), field);
}

function showCode(watch, device) {
  const pair = { ...watch, encounter: watch.next, observer: device?.interviewer ?? '', form: OBSERVER };
  openDialog(h('dialog.pair-code', { 'aria-labelledby': 'pair-title' },
    h('h2', { id: 'pair-title' }, t('pairShow')), h('p.small', {}, t('pairShowHelp')),
    drawCode(writePair(pair)),
    h('p.small', {}, t('pairShort')), h('p.short-code', { translate: 'no' }, writeShort(pair)),
    h('form', { method: 'dialog' }, h('button.main.wide', { autofocus: true }, t('close')))));
}

/** The code as one picture, dark on light in every theme, with its quiet zone. */
export function drawCode(text) {
  const rows = qrOf(text);
  const size = rows.length + 8;
  const svg = document.createElementNS(SVG, 'svg');
  for (const [key, value] of Object.entries({ viewBox: `0 0 ${size} ${size}`, class: 'qr', role: 'img', 'aria-label': t('pairQr'), 'shape-rendering': 'crispEdges' })) svg.setAttribute(key, value);
  const paper = document.createElementNS(SVG, 'rect');
  for (const [key, value] of Object.entries({ width: size, height: size, fill: '#fff' })) paper.setAttribute(key, value);
  const ink = document.createElementNS(SVG, 'path');
  ink.setAttribute('d', rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + 4} ${y + 4}h1v1h-1z` : ''))).join(''));
  ink.setAttribute('fill', '#000');
  svg.append(paper, ink);
  return svg;
}

function tally(watch) {
  const rows = COUNTERS.map((name) => counter(watch, name));
  const every = h('input.number', { id: 'every', inputmode: 'numeric', maxlength: 2, value: watch.every || '', onchange: (event) => change(event.currentTarget, watch, { every: Math.min(99, Math.max(0, Math.trunc(Number(every.value)) || 0)) }) });
  return h('section.card.stack', {}, h('h2', {}, t('tally')), ...rows,
    h('div.row', {}, h('label', { for: 'every' }, t('tallyEvery')), every));
}

function counter(watch, name) {
  const what = t(NAMES[name]);
  const shown = h('output.count', { 'aria-live': 'polite' });
  const now = h('p.state', { role: 'status', hidden: true }, t('tallyNow'));
  const show = () => {
    const n = watch.counts[name] ?? 0;
    shown.textContent = n;
    now.hidden = !(name === 'people' && watch.every > 1 && n > 0 && n % watch.every === 0);
  };
  const count = (by) => {
    watch.counts = { ...watch.counts, [name]: Math.max(0, (watch.counts[name] ?? 0) + by) };
    show();
    return note('watch', watch);
  };
  show();
  return h('div.tally', {}, h('span.words', {}, what, now),
    h('button.icon-button', { type: 'button', 'aria-label': t('tallyLess', { what }), onclick: () => count(-1) }, icon('minus')), shown,
    h('button.icon-button.tally-more', { type: 'button', 'aria-label': t('tallyMore', { what }), onclick: () => count(1) }, icon('plus')));
}

/** Begin the next encounter with what both of a pair write alike. */
async function encounter(watch) {
  const answers = {
    wave: watch.wave, country: watch.country, adm1: watch.department, post: watch.post, visit_no: watch.visit, obs_mode: watch.mode,
    paired: watch.paired || watch.partner ? 1 : 0, obs2_id: watch.partner, arrive_t: timeOf(new Date(watch.started)), enc_ref: two(watch.next), enc_start: timeOf(new Date()),
  };
  const link = { kind: 'encounter', case: encounterOf(watch), site: watch.post, number: watch.next };
  try {
    await begin(OBSERVER, answers, link);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    go('#/field');
  }
}

function encounterOf({ visit, post, next }) {
  return `${post ?? ''}-${visit}-${two(next)}`;
}

function two(n) {
  return String(n).padStart(2, '0');
}

/** A time of the day as forms keep it. */
function timeOf(date) {
  const away = -date.getTimezoneOffset();
  return `${two(date.getHours())}:${two(date.getMinutes())}:00.000${away < 0 ? '-' : '+'}${two(Math.floor(Math.abs(away) / 60))}:${two(Math.abs(away) % 60)}`;
}
