// The port to an object's own storage: rows of JSON by table and key. One commit is one transaction, alarm included.
import type { EpochMs } from '../lib/brand.ts';
import type { RowWrite } from '../protocol/effects.ts';

export type Row = { readonly table: string; readonly key: string; readonly value: string };

/** `log`: keys are rising integers, only the last row is loaded. `all`: any text is a key, everything is loaded. */
export type TableSpec = { readonly name: string; readonly kind: 'all' | 'log' };

export type Commit = {
  readonly rows: readonly RowWrite[];
  /** Arms the alarm, `null` disarms it, `undefined` leaves it. */
  readonly alarmAt: EpochMs | null | undefined;
};

export type RowStore = {
  readonly load: () => Iterable<Row>;
  /** All or nothing. @throws when nothing was written; the object must then be thrown away. */
  readonly commit: (commit: Commit) => void;
  /** Puts rows that cannot be read where nobody reads them, as they are: they are not loaded any more, and found by name. */
  readonly setAside: (rows: readonly Row[]) => void;
  /** Which rows were set aside. */
  readonly aside: () => readonly Pick<Row, 'table' | 'key'>[];
  /** Rows of a log from `after` (exclusive), in order, for readers of the journal. */
  readonly read: (table: string, after: number, limit: number) => readonly Row[];
};
