// Makes up for lost alarms: wakes the cells that have open questions, a slice at a time, whatever became of their alarms.

import type { Router } from '../edge/router.ts';
import { mapBounded } from '../lib/bounded.ts';
import type { EpochMs } from '../lib/brand.ts';
import { epochMs } from '../lib/brand.ts';
import { sliceOf } from '../lib/slice-of.ts';
import type { CellId } from '../protocol/ids.ts';
import { isProblem } from '../protocol/problems.ts';
import type { BusyStore } from '../store/busy-store.ts';
import type { LoadStore } from '../store/load-store.ts';

export type SweepDeps = {
  readonly router: Pick<Router, 'peek'>;
  readonly busy: BusyStore;
  readonly loads: Pick<LoadStore, 'prune'>;
  readonly onError: (cell: CellId | undefined, error: unknown) => void;
};

export type Swept = { readonly cells: number; readonly woken: number; readonly failed: number };

export const SLICE_MAX = 250;
const MINUTE_MS = 60_000;
const KEPT_MS = 24 * 60 * MINUTE_MS;
const LOADS_PRUNED_EVERY_MIN = 60;

// What D1 said last, for when it is away.
let lastList: readonly CellId[] = [];

/** Wakes the slice whose turn it is in the minute of `now`. One cell's failure is told to `onError` and stops no other. */
export async function sweep({ router, busy, loads, onError }: SweepDeps, now: EpochMs): Promise<Swept> {
  const minute = Math.floor(now / MINUTE_MS);
  try {
    lastList = await busy.list(now);
    await busy.prune(epochMs(now - KEPT_MS));
    // Told again within the hour, else of a cell that sleeps.
    if (minute % LOADS_PRUNED_EVERY_MIN === 0) await loads.prune(epochMs(now - 2 * LOADS_PRUNED_EVERY_MIN * MINUTE_MS));
  } catch (error) {
    onError(undefined, error);
  }
  const slice = sliceOf(lastList, minute, SLICE_MAX);
  const woken = await mapBounded(slice, async (cell) => {
    try {
      const load = await router.peek(cell);
      if (load === undefined || !isProblem(load)) return true;
      onError(cell, new Error(`the cell answered ${load.code}`));
    } catch (error) {
      onError(cell, error);
    }
    return false;
  });
  const count = woken.filter(Boolean).length;
  return { cells: lastList.length, woken: count, failed: woken.length - count };
}
