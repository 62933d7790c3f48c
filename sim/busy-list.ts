// The sweep's list in memory, as D1 keeps it: the same cases run over both (test/contract/busy-list.ts).
import type { EpochMs } from '../src/lib/brand.ts';
import type { CellId } from '../src/protocol/ids.ts';

export type BusyList = {
  readonly mark: (cell: CellId, busyUntil: EpochMs) => void;
  readonly list: (now: EpochMs) => readonly CellId[];
  readonly prune: (before: EpochMs) => void;
  readonly until: (cell: CellId) => number;
};

export function busyList(): BusyList {
  const known = new Map<CellId, EpochMs>();
  return {
    mark: (cell, busyUntil) => {
      if ((known.get(cell) ?? 0) < busyUntil) known.set(cell, busyUntil);
    },
    list: (now) => [...known].flatMap(([cell, until]) => (until > now ? [cell] : [])).sort(),
    prune: (before) => {
      for (const [cell, until] of known) if (until < before) known.delete(cell);
    },
    until: (cell) => known.get(cell) ?? 0,
  };
}
