// The router against cells that answer as they like: births, moves, failures, and a map that is stale or away.
import { describe, expect, it } from 'vitest';
import { Coverage } from '../../src/edge/coverage.ts';
import { MapAwayError, MapCache, PART_TTL_MS } from '../../src/edge/map-cache.ts';
import { Router, type RouterDeps } from '../../src/edge/router.ts';
import { awayWhenFailing } from '../../src/edge/store-errors.ts';
import { encode } from '../../src/geo/geohash.ts';
import { type EpochMs, epochMs } from '../../src/lib/brand.ts';
import { DEFAULT_POLICY } from '../../src/matching/policy.ts';
import type { CellEnvelope, CellReply } from '../../src/messages/calls.ts';
import type { MapRow } from '../../src/messages/map-row.ts';
import type { CellId, CityId, HomeKey, UserId } from '../../src/protocol/ids.ts';
import { problem } from '../../src/protocol/problems.ts';
import type { City, CityStore, MapPart } from '../../src/store/city-store.ts';

const AT = { lat: 37.7749, lng: -122.4194 };
const LEAF = encode(AT, 5) as CellId;
const CHILD = encode(AT, 6) as CellId;
const HOME = encode(AT, 7) as HomeKey;
const ID = `q-${HOME}-abcdefgh` as never;

const cityAt = (version: number): City => ({
  id: 'sf' as CityId,
  name: 'San Francisco',
  precision: 5,
  policyPatch: {},
  policy: DEFAULT_POLICY,
  locationHint: 'wnam',
  centroid: AT,
  cells: 1,
  version,
  state: 'live',
  removedAt: undefined,
  createdAt: epochMs(0),
  updatedAt: epochMs(0),
});
const partOf = (cell: CellId, version = 1): MapPart => ({
  rows: [{ cell, city: 'sf' as CityId, state: 'leaf', version, around: 1 }],
  cities: [cityAt(version)],
});
const mapRowOf = (cell: CellId, version = 1): MapRow => ({
  cell,
  city: 'sf' as CityId,
  version,
  op: 'op',
  policy: DEFAULT_POLICY,
  near: [],
});
const DONE: CellReply = { t: 'done' } as CellReply;

/** A world of one cell map and of cells that answer by a script. */
function world(answer: (cell: string, envelope: CellEnvelope, call: number) => CellReply | Promise<CellReply>) {
  const log: { cell: string; envelope: CellEnvelope; hint: string | undefined }[] = [];
  const state = { replica: partOf(LEAF), primary: partOf(LEAF), away: false, now: 0, reads: [] as string[] };
  const mapRows = new Map<string, MapRow>();
  const now = (): EpochMs => state.now as EpochMs;
  const map = new MapCache(
    awayWhenFailing<Pick<CityStore, 'part' | 'rows'>>({
      part: async (prefix, { primary = false } = {}) => {
        state.reads.push(primary ? 'primary' : 'replica');
        if (state.away) throw new Error('D1_ERROR: D1 is away');
        if (prefix !== '9q8') return { rows: [], cities: [] };
        return primary ? state.primary : state.replica;
      },
      rows: async (cells) => {
        state.reads.push(`names ${cells.length}`);
        if (state.away) throw new Error('D1_ERROR: D1 is away');
        return {
          t: 'rows',
          rows: state.primary.rows.filter(({ cell }) => cells.includes(cell)).map((row) => ({ ...row, op: 'op' })),
        };
      },
    }),
    now,
  );
  const router = new Router({
    cells: {
      get: (cell, hint) => ({
        call: async (envelope) => {
          log.push({ cell, envelope, hint });
          return answer(cell, envelope, log.length);
        },
        fetch: async () => new Response(null),
      }),
    },
    users: { get: () => ({ call: async () => problem('internal') }) },
    store: awayWhenFailing<RouterDeps['store']>({
      mapRow: async (cell) => {
        if (state.away) throw new Error('D1_ERROR: D1 is away');
        return mapRows.get(cell);
      },
      rows: async () => ({ t: 'rows', rows: [] }),
      swap: async () => ({ t: 'rows', rows: [] }),
    }),
    map,
    coverage: new Coverage({ cities: async () => [cityAt(1)] }, now),
    random: () => 0.5,
    sleep: async () => {},
  });
  return { router, state, mapRows, log };
}

const ask = (router: Router) => router.callHome(HOME, { t: 'question', id: ID, user: null });
const fault = (marks: object): Error => Object.assign(new Error('fault'), marks);

describe('EDGE2: a call to a home', () => {
  it('goes to the leaf, with the version of the map and the hint of the city', async () => {
    const { router, log } = world(() => DONE);
    expect(await ask(router)).toEqual(DONE);
    expect(log).toMatchObject([{ cell: LEAF, envelope: { version: 1 }, hint: 'wnam' }]);
  });

  it('brings an uninitialised cell to life, once', async () => {
    const { router, mapRows, log } = world((_cell, { mapRow }) =>
      mapRow === undefined ? { t: 'uninitialised' } : DONE,
    );
    mapRows.set(LEAF, mapRowOf(LEAF, 3));
    expect(await ask(router)).toEqual(DONE);
    expect(log.map(({ envelope }) => [envelope.version, envelope.mapRow?.version])).toEqual([
      [1, undefined],
      [3, 3],
    ]);
  });

  it('gives up on a cell that will not be initialised', async () => {
    const { router, mapRows, log } = world(() => ({ t: 'uninitialised' }));
    mapRows.set(LEAF, mapRowOf(LEAF));
    expect(await ask(router)).toMatchObject({ code: 'unknown_cell' });
    expect(log).toHaveLength(2);
  });

  it('follows a cell that has moved, though the map was stale', async () => {
    const { router, state, log } = world((cell) => (cell === LEAF ? { t: 'moved', to: [CHILD] } : DONE));
    state.primary = partOf(CHILD, 2);
    expect(await ask(router)).toEqual(DONE);
    expect(log.map(({ cell }) => cell)).toEqual([LEAF, CHILD]);
    expect(await ask(router)).toEqual(DONE);
    expect(log.map(({ cell }) => cell)).toEqual([LEAF, CHILD, CHILD]);
  });

  it('follows a cell that has moved while D1 is away', async () => {
    const { router, state } = world((cell) => (cell === LEAF ? { t: 'moved', to: [CHILD] } : DONE));
    await router.locate(AT);
    state.away = true;
    expect(await ask(router)).toEqual(DONE);
  });

  it('reaches a cell behind the version of the map while D1 is away, as the cell is', async () => {
    // An older cell wants to see the row of a newer version; nobody can show it now.
    const { router, state, log } = world((_cell, { version }) =>
      version === undefined ? DONE : { t: 'uninitialised' },
    );
    await router.locate(AT);
    state.away = true;
    expect(await ask(router)).toEqual(DONE);
    expect(log.map(({ envelope }) => envelope.version)).toEqual([1, undefined]);
  });

  it('says that the map is away of a cell that was never initialised, and nothing else', async () => {
    const { router, state } = world(() => ({ t: 'uninitialised' }));
    await router.locate(AT);
    state.away = true;
    await expect(ask(router)).rejects.toBeInstanceOf(MapAwayError);
  });

  it('does not follow into a change of the map while D1 is away: whoever asks comes again', async () => {
    const { router, state } = world((_cell, { version }) =>
      version === undefined ? { t: 'pending', retryMs: 100 } : { t: 'uninitialised' },
    );
    await router.locate(AT);
    state.away = true;
    expect(await ask(router)).toMatchObject({ code: 'busy', retryAfterS: 1 });
  });

  it('does not go round for ever', async () => {
    const { router, log } = world((cell) => ({ t: 'moved', to: [(cell === LEAF ? CHILD : LEAF) as CellId] }));
    expect(await ask(router)).toMatchObject({ code: 'busy', retryAfterS: 1 });
    expect(log).toHaveLength(5);
  });

  it('finds a home that only the primary knows', async () => {
    const { router, state } = world(() => DONE);
    state.replica = { rows: [], cities: [] };
    expect(await ask(router)).toEqual(DONE);
    expect(state.reads).toEqual(['replica', 'names 5', 'primary']);
  });
});

describe('a call that fails', () => {
  it.each([
    ['is repeated when the platform says so', { retryable: true }, 3, DONE],
    ['is not repeated when the object is overloaded', { retryable: true, overloaded: true }, 1, { code: 'busy' }],
  ])('%s', async (_what, marks, calls, outcome) => {
    const { router, log } = world((_cell, _envelope, call) => {
      if (call < 3) throw fault(marks);
      return DONE;
    });
    expect(await ask(router)).toMatchObject(outcome);
    expect(log).toHaveLength(calls);
  });

  it('is not repeated otherwise, nor for ever', async () => {
    const never = world(() => {
      throw fault({});
    });
    await expect(ask(never.router)).rejects.toThrow('fault');
    expect(never.log).toHaveLength(1);
    const always = world(() => {
      throw fault({ retryable: true });
    });
    expect(await ask(always.router)).toMatchObject({ code: 'busy', retryAfterS: 1 });
    expect(always.log).toHaveLength(3);
    const poisoned = world(() => {
      throw fault({ durableObjectReset: true });
    });
    expect(await ask(poisoned.router)).toMatchObject({ code: 'busy', retryAfterS: 1 });
    expect(poisoned.log).toHaveLength(2);
  });
});

describe('EDGE2: a cell that is meant as it is, and is not a leaf any more', () => {
  it('is asked without a version when it is behind what this isolate has heard of it', async () => {
    const { router, log } = world((_, { version }) => (version === undefined ? DONE : { t: 'uninitialised' }));
    const reply = await router.callCell({ cell: LEAF }, { t: 'forget', user: 'ana' as UserId, epoch: 1 });
    expect(reply).toEqual(DONE);
    expect(log.map(({ envelope }) => envelope.version)).toEqual([1, undefined]);
  });

  it('is unknown when it never was', async () => {
    const { router } = world(() => ({ t: 'uninitialised' }));
    const reply = await router.callCell({ cell: LEAF }, { t: 'forget', user: 'ana' as UserId, epoch: 1 });
    expect(reply).toMatchObject({ code: 'unknown_cell' });
  });
});

describe('EDGE2: the cached map', () => {
  it('is read once a minute', async () => {
    const { router, state } = world(() => DONE);
    await router.locate(AT);
    await router.locate(AT);
    expect(state.reads).toHaveLength(1);
    state.now += PART_TTL_MS;
    await router.locate(AT);
    expect(state.reads).toHaveLength(2);
  });

  it('outlives D1, and asks the primary before it says that nobody is there', async () => {
    const { router, state } = world(() => DONE);
    await router.locate(AT);
    state.away = true;
    state.now += PART_TTL_MS;
    expect((await router.locate(AT))?.cell).toBe(LEAF);
    await expect(router.locate({ lat: 0, lng: 0 })).rejects.toBeInstanceOf(MapAwayError);
  });

  it('does not go back to an older replica', async () => {
    const { router, state } = world(() => DONE);
    state.replica = { rows: [], cities: [] };
    expect((await router.locate(AT))?.cell).toBe(LEAF);
    state.now += PART_TTL_MS;
    expect((await router.locate(AT))?.cell).toBe(LEAF);
    expect(state.reads).toEqual(['replica', 'names 5', 'primary', 'replica']);
  });
});
