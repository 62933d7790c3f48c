// Split cells in D1: one query over those alone, and a table of those that are cold.
import type { EpochMs } from '../../lib/brand.ts';
import type { CellId, CityId } from '../../protocol/ids.ts';
import type { FamilyStore } from '../family-store.ts';

const PARTS = 32;

type FamilyRow = {
  readonly cell: CellId;
  readonly city: CityId;
  readonly users: number | null;
  readonly eventsPerS: number | null;
  readonly stepMs: number | null;
};

export function d1FamilyStore(db: D1Database): FamilyStore {
  return {
    families: async (toldSince) => {
      const { results } = await db
        .withSession('first-primary')
        .prepare(
          `SELECT p.cell, p.city, SUM(json_extract(l.load, '$.users')) AS users,
             SUM(json_extract(l.load, '$.eventsPerS')) AS eventsPerS, MAX(json_extract(l.load, '$.stepMs')) AS stepMs
           FROM cells p JOIN cells k ON k.cell > p.cell AND k.cell < p.cell || '~' AND length(k.cell) = length(p.cell) + 1
             AND k.state = 'leaf' AND k.city = p.city
           LEFT JOIN loads l ON l.cell = k.cell AND l.told_at >= ?1
           WHERE p.state = 'split' GROUP BY p.cell HAVING COUNT(*) = ${PARTS}`,
        )
        .bind(toldSince)
        .all<FamilyRow>();
      return results.map(({ cell, city, users, eventsPerS, stepMs }) => ({
        cell,
        city,
        carried: { users: users ?? 0, eventsPerS: eventsPerS ?? 0, stepMs: stepMs ?? 0 },
      }));
    },
    cold: async () => {
      const { results } = await db
        .withSession('first-primary')
        .prepare('SELECT cell, since FROM cold')
        .all<{ readonly cell: CellId; readonly since: EpochMs }>();
      return new Map(results.map(({ cell, since }) => [cell, since]));
    },
    setCold: async (cold) => {
      const rows = JSON.stringify([...cold].map(([cell, since]) => ({ cell, since })));
      await db.batch([
        db
          .prepare("DELETE FROM cold WHERE cell NOT IN (SELECT json_extract(value, '$.cell') FROM json_each(?1))")
          .bind(rows),
        db
          .prepare(
            `INSERT INTO cold (cell, since) SELECT json_extract(value, '$.cell'), json_extract(value, '$.since')
             FROM json_each(?1) WHERE true ON CONFLICT (cell) DO NOTHING`,
          )
          .bind(rows),
      ]);
    },
  };
}
