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
    const wall = new Date(Date.UTC(2000, p.month - 1, p.day, p.hour, p.minute, p.second));
    wall.setUTCFullYear(p.year); // Date.UTC takes the years 0 to 99 for 1900 to 1999
    return (wall - Math.floor(moment / 1000) * 1000) / 60000;
  };
};
