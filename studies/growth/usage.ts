// Counts of what is billed, and of the work behind it.
import type { Billed } from '../../src/city/cost.ts';

export type Usage = { -readonly [K in keyof Billed]: Billed[K] } & {
  /** Steps of objects: pings, calls, replies to them, alarms. */
  events: number;
  connections: number;
};

export const noUsage = (): Usage => ({
  events: 0,
  rows: 0,
  reads: 0,
  calls: 0,
  messages: 0,
  workerRequests: 0,
  awakeMs: 0,
  connections: 0,
});

export function addUsage(to: Usage, more: Readonly<Usage>, times = 1): Usage {
  for (const key of Object.keys(to) as (keyof Usage)[]) to[key] += more[key] * times;
  return to;
}
