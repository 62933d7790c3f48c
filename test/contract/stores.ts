// Every store of rows there is, each over fresh storage that survives being opened again.
import { DatabaseSync } from 'node:sqlite';
import type { RowStore, TableSpec } from '../../src/engine/rows.ts';
import { memoryRows } from '../../src/store/memory/memory-rows.ts';
import { sqlRows } from '../../src/store/sql/sql-rows.ts';

export type Disk = {
  /** The store as an object finds it when it is constructed. */
  readonly open: () => RowStore;
  readonly alarm: () => number | null;
};

export const STORES: readonly { readonly name: string; readonly disk: (tables: readonly TableSpec[]) => Disk }[] = [
  {
    name: 'memory',
    disk: (tables) => {
      const store = memoryRows(tables);
      return { open: () => store, alarm: store.alarm };
    },
  },
  {
    name: 'SQLite',
    disk: (tables) => {
      const deps = sqliteDeps();
      return { open: () => sqlRows(tables, deps), alarm: deps.alarm };
    },
  },
];

/** A plain SQLite behind the narrow needs of `sqlRows`: transactions that roll back, the alarm within them. */
export function sqliteDeps() {
  const db = new DatabaseSync(':memory:');
  let alarmAt: number | null = null;
  return {
    alarm: (): number | null => alarmAt,
    exec: (sql: string, ...bindings: (string | number)[]) =>
      db.prepare(sql).all(...bindings) as Iterable<Readonly<Record<string, unknown>>>,
    transaction: (work: () => void): void => {
      const before = alarmAt;
      db.exec('BEGIN');
      try {
        work();
        db.exec('COMMIT');
      } catch (error) {
        db.exec('ROLLBACK');
        alarmAt = before;
        throw error;
      }
    },
    setAlarm: (at: number | null): void => {
      alarmAt = at;
    },
  };
}
