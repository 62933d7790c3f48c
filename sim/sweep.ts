// The cron's sweep in the simulated world: the shipping slices of a list that cells write, whose writes are lost now and then.
import { type EpochMs, epochMs } from '../src/lib/brand.ts';
import { sliceOf, slicesOf } from '../src/lib/slice-of.ts';
import type { CellId } from '../src/protocol/ids.ts';
import { busyList } from './busy-list.ts';
import type { CellNode } from './node.ts';

/** So few that a run has several slices. */
const SLICE_MAX = 6;
const KEPT_MS = 24 * 3_600_000;
/** Of a hint on its way. */
const MARK_MS = 20;

/** What the sweep needs of the world. */
export type SweepAround = {
  readonly now: number;
  readonly after: (ms: number, run: () => void) => void;
  readonly isD1Away: () => boolean;
  readonly isMarkLost: () => boolean;
  readonly cell: (id: CellId) => CellNode;
  readonly living: () => Iterable<CellNode>;
  /** Wakes a cell, whatever became of its alarm. */
  readonly peek: (node: CellNode) => void;
  readonly occurred: (what: string) => void;
};

export type Sweep = {
  /** A cell has said in a commit that it is busy; whether that gets through is another matter. */
  readonly said: (cell: CellId, until: EpochMs) => void;
  /** Its hint is on its way to the list. */
  readonly mark: (cell: CellId, until: EpochMs) => void;
  /** Whether the list has it, or would if its last hint had got there. */
  readonly isListed: (cell: CellId) => boolean;
  /** What the cron does in one minute. */
  readonly minute: () => void;
  /** As many minutes at once as there are slices. */
  readonly round: () => void;
  /** Wakes the cells whose last hint was lost, and no others: for them alone the list is no help. */
  readonly passBy: () => void;
  /** Looks at every cell that lives, as somebody of ops may. */
  readonly look: () => void;
};

export function sweep(world: SweepAround): Sweep {
  const known = busyList();
  const wanted = new Map<CellId, number>();
  let minutes = 0;
  let last: readonly CellId[] = [];
  const wake = (cell: CellId, how: string): void => {
    const node = world.cell(cell);
    const alarm = node.store.alarm();
    if (alarm !== null && alarm - node.skewMs < world.now) world.occurred(how);
    world.peek(node);
  };
  const minute = (): void => {
    if (!world.isD1Away()) {
      last = known.list(epochMs(world.now));
      known.prune(epochMs(world.now - KEPT_MS));
    }
    for (const cell of sliceOf(last, minutes++, SLICE_MAX)) wake(cell, 'sweep → lost alarm');
  };
  return {
    said: (cell, until) => void wanted.set(cell, until),
    mark: (cell, until) => {
      if (world.isMarkLost() || world.isD1Away()) world.occurred('mark → lost');
      else world.after(MARK_MS, () => known.mark(cell, until));
    },
    isListed: (cell) => Math.max(known.until(cell), wanted.get(cell) ?? 0) > world.now,
    minute,
    round: () => {
      for (let slices = slicesOf(known.list(epochMs(world.now)).length, SLICE_MAX); slices > 0; slices--) minute();
    },
    look: () => {
      for (const node of world.living()) world.peek(node);
    },
    passBy: () => {
      for (const [cell, until] of wanted) if (known.until(cell) < until) wake(cell, 'passer-by → lost alarm');
    },
  };
}
