// How hot a cell is beside what its city wants one cell to carry, and when that is too much.
import type { Policy } from '../protocol/policy.ts';

export type Carried = { readonly users: number; readonly eventsPerS: number; readonly stepMs: number };
export type Limits = Policy['limits'];

/** A cell splits at this many times its target and not before, so that it does not flap. */
export const SPLIT_AT = 2;

/** The largest share of any target: 1 is what a cell is to carry in normal times. */
export function heatOf({ users, eventsPerS, stepMs }: Carried, limits: Limits): number {
  return Math.max(users / limits.users, eventsPerS / limits.eventsPerS, stepMs / limits.stepMs);
}

/** The share of what a cell can carry before it splits: 0.5 in normal times, 0.75 at a peak, 1 splits. */
export function usedOf(carried: Carried, limits: Limits): number {
  return heatOf(carried, limits) / SPLIT_AT;
}

export function isHot(carried: Carried, limits: Limits): boolean {
  return heatOf(carried, limits) >= SPLIT_AT;
}

/** What one cell would carry in place of these. Steps would be as long as the longest, at least. */
export function together(parts: readonly Carried[]): Carried {
  return {
    users: parts.reduce((sum, { users }) => sum + users, 0),
    eventsPerS: parts.reduce((sum, part) => sum + part.eventsPerS, 0),
    stepMs: parts.reduce((most, { stepMs }) => Math.max(most, stepMs), 0),
  };
}

/** LOAD1: merged cells must carry less than one is to carry in normal times, so that they do not split again. */
export function mayMerge(parts: readonly Carried[], limits: Limits): boolean {
  return heatOf(together(parts), limits) < 1;
}
