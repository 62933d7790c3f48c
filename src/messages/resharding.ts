// What is said when the map changes: between the cells of a family (a parent and its 32 children), and to the map's primary.

import type { CellId, CityId, UserId } from '../protocol/ids.ts';
import type { LifeName } from '../protocol/status.ts';
import type { MapRow } from './map-row.ts';
import type { Need } from './need.ts';

/** Splits a cell or merges its parts: led by the parent of the family of 33, which numbers what it leads. */
export type Op = { readonly by: CellId; readonly n: number };

/** Calls to a CellObject, by name. */
export type ChangeCalls = {
  split: { ask: Record<never, never>; reply: { readonly t: 'changing'; readonly life: LifeName } };
  /** To the parent, with the row that it is initialised by: its 32 children are leaves and are to be one. */
  merge: { ask: { readonly mapRow: MapRow }; reply: { readonly t: 'changing'; readonly life: LifeName } };
  /** To one who is to be a leaf: from now on `from` fills it. */
  init: { ask: { readonly op: Op; readonly from: CellId; readonly mapRow: MapRow }; reply: { readonly t: 'done' } };
  /** Whether a leaf may be merged: one that is filling itself may not. */
  ready: { ask: { readonly op: Op }; reply: { readonly t: 'ready'; readonly ready: boolean } };
  /** To one who is not a leaf any more by the word of the map. */
  retire: { ask: { readonly op: Op; readonly to: readonly CellId[] }; reply: { readonly t: 'done' } };
  /** Questions as rows, their times counted from now. */
  adopt: {
    ask: { readonly op: Op; readonly from: CellId; readonly questions: readonly string[] };
    reply: { readonly t: 'done' };
  };
  /** Users to claim, with the epochs that the sender knows. */
  take: {
    ask: {
      readonly op: Op;
      readonly from: CellId;
      readonly users: readonly { readonly user: UserId; readonly epoch: number }[];
    };
    reply: { readonly t: 'done' };
  };
  /** All questions were adopted. */
  filled: {
    ask: {
      readonly op: Op;
      readonly from: CellId;
      readonly beacons: readonly { readonly need: Need; readonly leftMs: number }[];
    };
    reply: { readonly t: 'done' };
  };
  /** Nobody is held there any more. */
  handed: { ask: { readonly op: Op; readonly from: CellId }; reply: { readonly t: 'done' } };
};

/** A row of the map at the primary. */
export type MapRowView = {
  readonly cell: CellId;
  readonly state: string;
  readonly version: number;
  /** The operation that wrote it. */
  readonly op: string;
};

/** Calls to the cell map, by name: at its primary. Cells that it does not have are left out of the answer. */
export type MapCalls = {
  rows: {
    ask: { readonly cells: readonly CellId[] };
    reply: { readonly t: 'rows'; readonly rows: readonly MapRowView[] };
  };
  /** `from` cease to be leaves and `to` become leaves, if all of `from` are leaves of these versions; answers with the rows of `from`. */
  swap: {
    ask: {
      readonly op: string;
      readonly city: CityId;
      readonly from: readonly { readonly cell: CellId; readonly version: number }[];
      readonly to: readonly CellId[];
      /** Leaves around, which have new neighbours then. */
      readonly near: readonly CellId[];
    };
    reply: { readonly t: 'rows'; readonly rows: readonly MapRowView[] };
  };
};

export type MapRequest = { [K in keyof MapCalls]: { readonly t: K } & MapCalls[K]['ask'] }[keyof MapCalls];
export type MapReply = MapCalls[keyof MapCalls]['reply'];
