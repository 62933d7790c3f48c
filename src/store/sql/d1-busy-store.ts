// Busy cells in D1.
import type { CellId } from '../../protocol/ids.ts';
import type { BusyStore } from '../busy-store.ts';

export function d1BusyStore(db: D1Database): BusyStore {
  return {
    mark: async (cell, busyUntil) => {
      await db
        .prepare(
          `INSERT INTO busy (cell, busy_until) VALUES (?1, ?2)
           ON CONFLICT (cell) DO UPDATE SET busy_until = excluded.busy_until WHERE busy_until < excluded.busy_until`,
        )
        .bind(cell, busyUntil)
        .run();
    },
    list: async (now) => {
      const { results } = await db
        .prepare('SELECT cell FROM busy WHERE busy_until > ?1 ORDER BY cell')
        .bind(now)
        .all<{ readonly cell: CellId }>();
      return results.map(({ cell }) => cell);
    },
    prune: async (before) => {
      await db.prepare('DELETE FROM busy WHERE busy_until < ?1').bind(before).run();
    },
  };
}
