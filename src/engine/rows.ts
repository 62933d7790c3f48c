// The port to an object's own storage: rows of JSON by table and key. One commit is one transaction, alarm included.
import type { EpochMs } from '../lib/brand.ts';
import { utf8Length } from '../lib/text.ts';
import type { RowWrite } from './effects.ts';

export type Row = { readonly table: string; readonly key: string; readonly value: string };

/** `log`: keys are rising integers, only the last row is loaded. `all`: any text is a key, everything is loaded. */
export type TableSpec = { readonly name: string; readonly kind: 'all' | 'log' };

export type Commit = {
  readonly rows: readonly RowWrite[];
  /** Arms the alarm, `null` disarms it, `undefined` leaves it. */
  readonly alarmAt: EpochMs | null | undefined;
};

/** BOUND2: a row that is larger is not written. The platform takes 2 MB; what enters is bounded so that none comes near. */
export const ROW_BYTES_MAX = 1.5 * 2 ** 20;

/** A commit that cannot be written for what is in it, however often it is tried: nothing was written, and the storage is well. */
export class TooLarge extends Error {}

/** @throws TooLarge naming the table; whose row it is, is nobody's business. */
export function requireSmall(rows: readonly RowWrite[]): void {
  for (const { table, value } of rows) {
    // A UTF-16 unit is three bytes at most: only what is long is measured.
    if (value === null || value.length * 3 <= ROW_BYTES_MAX) continue;
    const bytes = utf8Length(value);
    if (bytes > ROW_BYTES_MAX) throw new TooLarge(`a row of ${table} would have ${bytes} bytes`);
  }
}

export type RowStore = {
  readonly load: () => Iterable<Row>;
  /** One row, as it was committed last. */
  readonly get: (table: string, key: string) => string | undefined;
  /** All or nothing. @throws TooLarge, and else when nothing was written; the object must then be thrown away. */
  readonly commit: (commit: Commit) => void;
  /** Puts rows that cannot be read where nobody reads them, as they are: they are not loaded any more, and found by name. */
  readonly setAside: (rows: readonly Row[]) => void;
  /** Which rows were set aside. */
  readonly aside: () => readonly Pick<Row, 'table' | 'key'>[];
  /** Rows of a log from `after` (exclusive), in order, for readers of the journal. */
  readonly read: (table: string, after: number, limit: number) => readonly Row[];
};
