// The map in D1, by the cases that the simulator's map passes too.
import { env } from 'cloudflare:workers';
import { describe } from 'vitest';
import { epochMs } from '../../src/lib/brand.ts';
import type { CityId } from '../../src/protocol/ids.ts';
import { d1CityStore } from '../../src/store/sql/d1-city-store.ts';
import { cityMapContract } from '../contract/city-map.ts';
import { BOX, rollOut } from './world.ts';

describe('the map in D1', () => {
  let n = 0;
  cityMapContract(async () => {
    await env.DB.batch(
      ['cells', 'cities', 'audit', 'loads', 'drained'].map((table) => env.DB.prepare(`DELETE FROM ${table}`)),
    );
    await rollOut('map', BOX, { limits: { autoSplit: false }, cooldownMs: ++n });
    const store = d1CityStore(env.DB, { now: () => epochMs(Date.now()), op: () => crypto.randomUUID() });
    const city = 'map' as CityId;
    return {
      city,
      ask: (request) => (request.t === 'swap' ? store.swap(request) : store.rows(request.cells)),
      mapRow: (cell) => store.mapRow(cell),
      drain: () => store.drain(city, 'ops'),
      keep: () => store.keep(city, 'ops'),
      remove: async () => {
        const { version } = (await store.city(city)) ?? { version: 0 };
        await store.setDrained(city, await store.undrained(city, 1000), version);
        return store.remove(city, 'ops');
      },
    };
  });
});
