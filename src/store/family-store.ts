// What the cron asks of the map about cells that were split, and what it notes about them.
import type { ColdSince, Family } from '../city/cold.ts';
import type { EpochMs } from '../lib/brand.ts';

export interface FamilyStore {
  /** Cells that were split and whose 32 parts are leaves, with what those have told since then; who told nothing carries nothing. */
  families(toldSince: EpochMs): Promise<readonly Family[]>;
  cold(): Promise<ColdSince>;
  /** In place of what was noted before. */
  setCold(cold: ColdSince): Promise<void>;
}
