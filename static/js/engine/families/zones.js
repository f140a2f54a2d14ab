// Zones by name or offset, for callers that don't mean the device's own.

import { PARTS } from '../library.js';
import { offsetOf } from '../dates.js';

PARTS.namedZone = (name) => {
  const fixed = name === 'UTC' ? 0 : offsetOf(name);
  if (fixed !== null) return () => fixed;
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone: name, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
  });
  return (moment) => {
    if (!(Math.abs(moment) < 8e15)) return 0;
    const p = {};
    for (const { type, value } of clock.formatToParts(moment)) p[type] = Number(value);
    return (Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) - Math.floor(moment / 1000) * 1000) / 60000;
  };
};
