// What tries by time may spend on scouts: arrivals are told by the beacons, so that these tries are the safety net, and a thousand
// sleepers must not load the cells around them. Memory alone.
import type { EpochMs } from '../../lib/brand.ts';

export type ScoutBudget = {
  left: number;
  /** When it was last spent from; `undefined`: not since the cell came to memory. */
  at: EpochMs | undefined;
};

/** So many at once, by a cell that has spent nothing for a while. */
export const SCOUTS_MAX = 64;
/** In the long run each sleeper may send so many a second, and all of a cell together so many at least and at most. */
export const SCOUTS_PER_S_EACH = 1 / 15;
export const SCOUTS_PER_S_MIN = 1 / 4;
export const SCOUTS_PER_S_MAX = 20;

/** A cell leaves memory between two tries of its sleepers: what it begins with is what most of them get. */
export const SCOUTS_AT_FIRST = 4;

export const scoutBudget = (): ScoutBudget => ({ left: SCOUTS_AT_FIRST, at: undefined });

/** The parts of a cell spend together what it spent alone: none of them begins with a purse of its own. */
export function beginPoor(budget: ScoutBudget, now: EpochMs): void {
  budget.left = 0;
  budget.at = now;
}

/** Takes one, if one is left. @param sleepers how many questions of this cell look for people */
export function takeScout(budget: ScoutBudget, sleepers: number, now: EpochMs): boolean {
  // After a clock that was ahead it goes on from where it is.
  const sinceMs = Math.max(0, now - (budget.at ?? now));
  const perS = Math.min(SCOUTS_PER_S_MAX, Math.max(SCOUTS_PER_S_MIN, sleepers * SCOUTS_PER_S_EACH));
  budget.left = Math.min(SCOUTS_MAX, budget.left + (sinceMs * perS) / 1000);
  budget.at = now;
  if (budget.left < 1) return false;
  budget.left--;
  return true;
}
