// Rows in memory, for the simulator's disk and for tests: what was committed, and nothing else.

import { type Commit, type Row, type RowStore, requireSmall, type TableSpec } from '../../engine/rows.ts';
import type { EpochMs } from '../../lib/brand.ts';

export type MemoryRows = RowStore & {
  readonly alarm: () => EpochMs | null;
  /** Rows written so far: what a platform would bill. */
  readonly rowsWritten: () => number;
};

/** @throws Error on a commit to a table that was not declared; then nothing is written. */
export function memoryRows(tables: readonly TableSpec[]): MemoryRows {
  const kept = new Map<string, Map<string, string>>(tables.map(({ name }) => [name, new Map()]));
  let alarmAt: EpochMs | null = null;
  const aside = new Map<string, Row>();
  let written = 0;
  const tableOf = (name: string): Map<string, string> => {
    const table = kept.get(name);
    if (table === undefined) throw new Error(`no table ${name}`);
    return table;
  };
  return {
    load: function* () {
      for (const { name, kind } of tables) {
        const rows = [...tableOf(name)].map(([key, value]): Row => ({ table: name, key, value }));
        yield* kind === 'log' ? rows.slice(-1) : rows.sort((a, b) => (a.key < b.key ? -1 : 1));
      }
    },
    get: (table, key) => tableOf(table).get(key),
    commit: ({ rows, alarmAt: alarm }: Commit) => {
      requireSmall(rows);
      for (const { table } of rows) tableOf(table);
      for (const { table, key, value } of rows) {
        if (value === null) tableOf(table).delete(key);
        else tableOf(table).set(key, value);
      }
      written += rows.length;
      if (alarm === undefined) return;
      alarmAt = alarm;
      written++;
    },
    setAside: (rows) => {
      for (const row of rows) if (tableOf(row.table).delete(row.key)) aside.set(`${row.table} ${row.key}`, row);
    },
    aside: () => [...aside.values()].map(({ table, key }) => ({ table, key })),
    read: (table, after, limit) =>
      [...tableOf(table)]
        .filter(([key]) => Number(key) > after)
        .slice(0, limit)
        .map(([key, value]) => ({ table, key, value })),
    alarm: () => alarmAt,
    rowsWritten: () => written,
  };
}
