/**
 * What is worth a card, from what the phone knows of itself: pure, so that it can be asked about any phone.
 *
 *   { losses, wrongClock, space, unopened, many, old, coach, notKept }
 */
const MINUTE = 60_000;
const DAY = 86_400_000;
const WRONG = 10 * MINUTE;
const EARLIEST = Date.UTC(2026, 0, 1);
const LOW = 60 * 1024 * 1024;
const MANY = 15;
const OLD = 3 * DAY;

/** `phone`: { now, losses, clock, usage, quota, kept, unopened, unsent: [ISO], installed, begun }. */
export function factsOf({ now, losses, clock, usage, quota, kept, unopened = [], unsent = [], installed, begun }) {
  const free = Number.isFinite(quota) && Number.isFinite(usage) ? quota - usage : null;
  return {
    losses: losses && !losses.seen ? losses : null,
    wrongClock: wrongClock(now, clock),
    space: free !== null && free < LOW ? Math.max(0, Math.round(free / 1024 / 1024)) : null,
    unopened,
    many: unsent.length >= MANY ? unsent.length : null,
    old: unsent.filter((iso) => now - Date.parse(iso) > OLD).length || null,
    coach: !installed && !begun,
    notKept: kept === false && begun,
  };
}

/** By how much the phone's clock is wrong, in ms; null when it isn't or nobody knows. `clock`: { offset, server }. */
export function wrongClock(now, clock) {
  const lastServer = Date.parse(clock?.server);
  if (now < EARLIEST) return Number.isFinite(lastServer) ? lastServer - now : EARLIEST - now;
  if (Number.isFinite(lastServer) && now < lastServer - WRONG && Math.abs(clock.offset) <= WRONG) return lastServer - now;
  return clock && Math.abs(clock.offset) > WRONG ? clock.offset : null;
}
