// What rows say of what happened: records in rows of the journal, and those that wait in the rows that they are about.
import { decodeJournal, type Numbered, splitRecords } from '../src/cell/tables/journal.ts';

type Written = { readonly table: string; readonly key: string; readonly value: string | null };

/** Each once, in the order of their numbers. */
export function recordsIn(rows: Iterable<Written>): readonly Numbered[] {
  const found = new Map<number, Numbered>();
  for (const { table, key, value } of rows) {
    if (value === null) continue;
    const { records } = table === 'journal' ? decodeJournal(key, value) : splitRecords(value);
    for (const record of records) found.set(record.n, record);
  }
  return [...found.values()].sort((a, b) => a.n - b.n);
}
