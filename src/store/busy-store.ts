// Which cells have open questions: written at most hourly by each, read by the sweep that makes up for lost alarms.
import type { EpochMs } from '../lib/brand.ts';
import type { CellId } from '../protocol/ids.ts';

export interface BusyStore {
  /** Never earlier than it was. */
  mark(cell: CellId, busyUntil: EpochMs): Promise<void>;
  /** Cells that are busy at `now`, by name. */
  list(now: EpochMs): Promise<readonly CellId[]>;
  /** Forgets what was over by `before`. */
  prune(before: EpochMs): Promise<void>;
}
