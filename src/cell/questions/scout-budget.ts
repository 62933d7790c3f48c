// What tries by time may spend on scouts: arrivals are told by the beacons, so that these tries are the safety net, and a thousand
// sleepers must not load the cells around them. Memory alone.
import type { EpochMs } from '../../lib/brand.ts';

export type ScoutBudget = { left: number; at: number };

/** A cell's retries send so many scouts a second in the long run, and so many at once. */
export const SCOUTS_PER_S = 20;
export const SCOUTS_MAX = 64;

export const scoutBudget = (): ScoutBudget => ({ left: SCOUTS_MAX, at: 0 });

/** Takes one, if one is left. */
export function takeScout(budget: ScoutBudget, now: EpochMs): boolean {
  // After a clock that was ahead it goes on from where it is.
  const sinceMs = Math.max(0, now - budget.at);
  budget.left = Math.min(SCOUTS_MAX, budget.left + (sinceMs * SCOUTS_PER_S) / 1000);
  budget.at = now;
  if (budget.left < 1) return false;
  budget.left--;
  return true;
}
