// Times as clients see them.
import type { EpochMs } from './brand.ts';

const MINUTE_MS = 60_000;
// The last minute that was written out: formatting a date whole costs more than all the rest of a ping.
let minute = Number.NaN;
let prefix = '';

/** ISO 8601 UTC. */
export function iso(at: EpochMs): string {
  const since = at - minute;
  if (since >= 0 && since < MINUTE_MS) return withinMinute(since);
  minute = Math.floor(at / MINUTE_MS) * MINUTE_MS;
  prefix = new Date(minute).toISOString().slice(0, -'00.000Z'.length);
  return withinMinute(at - minute);
}

function withinMinute(ms: number): string {
  const s = Math.floor(ms / 1000);
  const rest = Math.floor(ms - s * 1000);
  return `${prefix}${s < 10 ? '0' : ''}${s}.${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`;
}
