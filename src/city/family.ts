// The 32 cells into which one is split, and out of which it is merged again.
import { children } from '../geo/geohash.ts';
import type { CellId } from '../protocol/ids.ts';

export const childrenOf = (cell: CellId): readonly CellId[] => children(cell) as readonly CellId[];
