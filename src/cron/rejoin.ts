// Merges again what was split for a load that has long gone: looks every ten minutes, and merges what has been cold for as long as its
// city says, a few cells at a time.

import { type Limits, together } from '../city/cell-load.ts';
import { coldNow, dueToMerge, isCold } from '../city/cold.ts';
import { type EpochMs, epochMs } from '../lib/brand.ts';
import type { CellId, CityId } from '../protocol/ids.ts';
import { isProblem } from '../protocol/problems.ts';
import type { CityStore } from '../store/city-store.ts';
import type { FamilyStore } from '../store/family-store.ts';
import { type MergeDeps, mergeFamily } from './merge-family.ts';

export type RejoinDeps = MergeDeps & {
  readonly store: MergeDeps['store'] & Pick<CityStore, 'cities'>;
  readonly families: FamilyStore;
  readonly onError: (cell: CellId | undefined, error: unknown) => void;
};

const MINUTE_MS = 60_000;
export const LOOKS_EVERY_MIN = 10;
/** Each asks 32 cells what they carry, and one request may make a thousand calls. */
export const MERGES_MAX = 8;
/** A cell in which somebody is tells at least hourly. */
const TOLD_WITHIN_MS = 2 * 60 * MINUTE_MS;

/** What was begun. In the minutes in between, and where nothing was ever split, it costs nothing or one small query. */
export async function rejoin(deps: RejoinDeps, now: EpochMs): Promise<readonly CellId[]> {
  if (Math.floor(now / MINUTE_MS) % LOOKS_EVERY_MIN !== 0) return [];
  const { store, families: known, onError } = deps;
  try {
    const [families, before] = await Promise.all([known.families(epochMs(now - TOLD_WITHIN_MS)), known.cold()]);
    if (families.length === 0 && before.size === 0) return [];
    const limits = new Map<CityId, Limits>();
    for (const { id, state, policy } of await store.cities({ primary: true }))
      if (state === 'live') limits.set(id, policy.limits);
    const limitsOf = (city: CityId): Limits | undefined => limits.get(city);
    const cold = coldNow(families, limitsOf, before, now);
    await known.setCold(cold);
    const begun: CellId[] = [];
    for (const parent of dueToMerge(families, limitsOf, cold, now).slice(0, MERGES_MAX)) {
      // What was told may be an hour old: the cells themselves have the last word.
      const mayCarry = (parts: Parameters<typeof together>[0], its: Limits): boolean => isCold(together(parts), its);
      const asked = await mergeFamily(deps, { parent, actor: 'cron', mayCarry }).catch((error: unknown) => {
        onError(parent, error);
        return undefined;
      });
      if (asked === undefined) continue;
      if (!isProblem(asked)) begun.push(parent);
      else if (asked.code !== 'siblings_hot') onError(parent, new Error(asked.detail ?? asked.code));
    }
    return begun;
  } catch (error) {
    onError(undefined, error);
    return [];
  }
}
