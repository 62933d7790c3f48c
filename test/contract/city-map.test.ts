// The simulator's map keeps what D1 keeps: the same cases run in workerd over D1 (test/worker/city-map.test.ts).
import { describe } from 'vitest';
import { simMap } from '../../sim/map.ts';
import type { CityId } from '../../src/protocol/ids.ts';
import { cityMapContract, S } from './city-map.ts';

describe("the simulator's map", () => {
  cityMapContract(async () => {
    const map = simMap(9, S);
    return {
      city: 'sim' as CityId,
      ask: async (request) => map.ask(request),
      mapRow: async (cell) => map.mapRowOf(cell),
      drain: async () => map.drain(),
      keep: async () => map.keep(),
      remove: async () => map.retire(),
    };
  });
});
