// What a crowd outside every city costs: rows that D1 reads, counted by D1 itself.
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { Coverage } from '../../src/edge/coverage.ts';
import { MapCache, MISS_TTL_MS } from '../../src/edge/map-cache.ts';
import { type EpochMs, epochMs } from '../../src/lib/brand.ts';
import { d1CityStore } from '../../src/store/sql/d1-city-store.ts';
import { api, rollOut } from './world.ts';

/** The same database; `read` grows with each row that it says it has read. */
function counted(db: D1Database): { readonly db: D1Database; readonly count: { read: number } } {
  const count = { read: 0 };
  const note = <R extends D1Result>(result: R): R => {
    count.read += Number(result.meta.rows_read ?? 0);
    return result;
  };
  const ofStatement = (statement: D1PreparedStatement): D1PreparedStatement =>
    new Proxy(statement, {
      get: (target, name) => {
        if (name === 'bind') return (...values: unknown[]) => ofStatement(target.bind(...values));
        if (name === 'all') return async () => note(await target.all());
        if (name === 'first') return async () => note(await target.all()).results[0] ?? null;
        return Reflect.get(target, name) as unknown;
      },
    });
  const counting = {
    withSession: (constraint: string) => {
      const session = db.withSession(constraint);
      return {
        prepare: (sql: string) => ofStatement(session.prepare(sql)),
        batch: async (statements: D1PreparedStatement[]) => (await session.batch(statements)).map(note),
      };
    },
  };
  return { db: counting as unknown as D1Database, count };
}

describe('EDGE8: a crowd outside every city', () => {
  it('costs the primary a few rows each, however large the city beside them', async () => {
    const { status, body } = await api('ops', 'PUT', '/v1/ops/cities/wide', {
      name: 'Wide',
      boundary: {
        type: 'Polygon',
        coordinates: [
          [
            [-122.6, 37.6],
            [-122.2, 37.6],
            [-122.2, 37.9],
            [-122.6, 37.9],
            [-122.6, 37.6],
          ],
        ],
      },
      precision: 6,
    });
    expect(status).toBe(200);
    const leaves = Number(body['cells']);
    expect(leaves).toBeGreaterThan(1500);

    const { db, count } = counted(env.DB);
    let now: EpochMs = epochMs(Date.now());
    const store = d1CityStore(db, { now: () => now, op: () => 'op' });
    const map = new MapCache(store, () => now);
    const coverage = new Coverage(store, () => now);
    const outside = { lat: 37.95, lng: -122.4 };
    await map.leafOf(outside);
    // The part is read once a minute, whoever asks: this is what a miss used to cost.
    expect(count.read).toBeGreaterThanOrEqual(leaves);
    count.read = 0;
    for (let i = 0; i < 40; i++) {
      const point = { lat: outside.lat + i / 500, lng: outside.lng };
      expect(await map.leafOf(point)).toBeUndefined();
      expect(await map.leafOf(point, 'primary')).toBeUndefined();
      expect(await coverage.problem(point)).toMatchObject({
        code: 'out_of_coverage',
        more: { nearestCity: { id: 'wide' } },
      });
    }
    // Five names that come in, as many that are looked for; and the cities, once.
    expect(count.read).toBeLessThanOrEqual(40 * 10 + 5);
    const before = count.read;
    for (let i = 0; i < 100; i++) await map.leafOf(outside, 'primary');
    expect(count.read).toBeLessThanOrEqual(before + 10);

    // Somebody else rolls a city out there: a moment later nobody is told that it is not.
    expect((await rollOut('north', [-122.41, 37.94, -122.39, 37.96])).status).toBe(200);
    now = epochMs(now + MISS_TTL_MS);
    expect(await map.leafOf(outside, 'primary')).toMatchObject({ city: { id: 'north' } });
  });

  it('EDGE2: who was refused is taken as soon as the city is there', async () => {
    const at = { lat: 59.91, lng: 10.75 };
    expect((await api('ola', 'PUT', '/v1/presence', at)).body['code']).toBe('out_of_coverage');
    expect((await rollOut('oslo', [10.74, 59.9, 10.76, 59.92])).status).toBe(200);
    expect((await api('ola', 'PUT', '/v1/presence', at)).status).toBe(200);
  });
});
