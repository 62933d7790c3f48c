// Told loads in D1: one row for each cell that somebody is in.
import type { EpochMs } from '../../lib/brand.ts';
import type { CellLoad, CityLoad } from '../../protocol/status.ts';
import type { QuestionState } from '../../protocol/views.ts';
import type { LoadStore } from '../load-store.ts';

const STATES: readonly QuestionState[] = ['open', 'dormant', 'matched', 'answered', 'expired', 'cancelled'];
const field = (path: string): string => `json_extract(load, '$.${path}')`;
const SUMS = ['users', 'eventsPerS', 'sockets', 'outbox'].map((name) => `SUM(${field(name)}) AS ${name}`);
const PEAKS = ['queueAgeMs', 'alarmLagMs'].map((name) => `MAX(${field(name)}) AS ${name}`);
const QUESTIONS = STATES.map((state) => `SUM(${field(`questions.${state}`)}) AS ${state}`);
const COLUMNS = ['l.city', 'COUNT(*) AS cells', 'MAX(used) AS used', ...SUMS, ...PEAKS, ...QUESTIONS].join(', ');
/** What a cell told that was split, merged or taken away since counts for nothing: the map says who is a leaf. */
const OF_LEAVES = `FROM loads l JOIN cells k ON k.cell = l.cell AND k.city = l.city AND k.state = 'leaf'
  WHERE l.told_at >= ?1`;

type CityRow = Omit<CityLoad, 'questions'> & Readonly<Record<QuestionState, number>>;

export function d1LoadStore(db: D1Database): LoadStore {
  return {
    tell: async (load, at) => {
      await db
        .prepare(
          `INSERT INTO loads (cell, city, used, told_at, load) VALUES (?1, ?2, ?3, ?4, ?5)
           ON CONFLICT (cell) DO UPDATE SET city = excluded.city, used = excluded.used, told_at = excluded.told_at,
             load = excluded.load WHERE told_at < excluded.told_at`,
        )
        .bind(load.cell, load.city, load.used, at, JSON.stringify(load))
        .run();
    },
    hottest: async (since, limit, city) => {
      const { results } = await db
        .prepare(
          `SELECT l.load, l.told_at ${OF_LEAVES} AND (?3 IS NULL OR l.city = ?3)
           ORDER BY l.used DESC, l.cell LIMIT ?2`,
        )
        .bind(since, limit, city ?? null)
        .all<{ readonly load: string; readonly told_at: EpochMs }>();
      return results.map(({ load, told_at: toldAt }) => ({ ...(JSON.parse(load) as CellLoad), toldAt }));
    },
    cities: async (since, city) => {
      const { results } = await db
        .prepare(`SELECT ${COLUMNS} ${OF_LEAVES} AND (?2 IS NULL OR l.city = ?2) GROUP BY l.city`)
        .bind(since, city ?? null)
        .all<CityRow>();
      return results.map(({ open, dormant, matched, answered, expired, cancelled, ...sums }) => ({
        ...sums,
        questions: { open, dormant, matched, answered, expired, cancelled },
      }));
    },
    prune: async (before) => {
      await db.prepare('DELETE FROM loads WHERE told_at < ?1').bind(before).run();
    },
  };
}
