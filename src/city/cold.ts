// Which cells that were split are to be merged again by themselves: those whose 32 parts have carried little for long.
import type { EpochMs } from '../lib/brand.ts';
import type { CellId, CityId } from '../protocol/ids.ts';
import { type Carried, heatOf, type Limits } from './cell-load.ts';

/** A cell that was split, whose 32 parts are leaves: what these together told that they carry. */
export type Family = { readonly cell: CellId; readonly city: CityId; readonly carried: Carried };

/** Since when families have been cold. */
export type ColdSince = ReadonlyMap<CellId, EpochMs>;

/**
 * MERGE2: merged they would carry less than half of what one cell is to carry in normal times, a quarter of what splits it. By hand the
 * whole of it is allowed (LOAD1).
 */
export const COLD_BELOW = 0.5;

export function isCold(carried: Carried, limits: Limits): boolean {
  return heatOf(carried, limits) < COLD_BELOW;
}

/** Of a city that has its cells split by themselves, and merged after some time. */
export function mergesByItself({ autoSplit, mergeAfterS }: Limits): boolean {
  return autoSplit && mergeAfterS > 0;
}

/** Who is cold now; whoever was before stays so since then. A family that has been warm for one look begins anew. */
export function coldNow(
  families: readonly Family[],
  limitsOf: (city: CityId) => Limits | undefined,
  before: ColdSince,
  now: EpochMs,
): ColdSince {
  const cold = new Map<CellId, EpochMs>();
  for (const { cell, city, carried } of families) {
    const limits = limitsOf(city);
    if (limits === undefined || !mergesByItself(limits) || !isCold(carried, limits)) continue;
    cold.set(cell, before.get(cell) ?? now);
  }
  return cold;
}

/** Those that have been cold for as long as their cities want, the longest first. */
export function dueToMerge(
  families: readonly Family[],
  limitsOf: (city: CityId) => Limits | undefined,
  cold: ColdSince,
  now: EpochMs,
): readonly CellId[] {
  const since = (cell: CellId): number => cold.get(cell) ?? Number.POSITIVE_INFINITY;
  return families
    .filter(({ cell, city }) => now - since(cell) >= (limitsOf(city)?.mergeAfterS ?? Number.POSITIVE_INFINITY) * 1000)
    .map(({ cell }) => cell)
    .sort((a, b) => since(a) - since(b) || (a < b ? -1 : 1));
}
