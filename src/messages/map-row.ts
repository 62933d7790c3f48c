// A row of the cell map on its way to its cell.
import type { CellId, CityId } from '../protocol/ids.ts';
import type { Policy } from '../protocol/policy.ts';

/** The map row by which a cell is initialised or brought up to date; the higher version wins. */
export type MapRow = {
  readonly cell: CellId;
  readonly city: CityId;
  /** Of the city's row: raised by each change of cells or policy. */
  readonly version: number;
  readonly op: string;
  readonly policy: Policy;
  /** Leaves within the largest radius of this cell, this one left out. */
  readonly near: readonly CellId[];
  /** The city is being removed: what was asked ends as promised, and nothing new is taken. */
  readonly draining?: true;
  /** It is gone. */
  readonly removed?: true;
};
