// Users who move, and maps that change under them: one holder at a time, and nobody waits for a cache.
import { beforeAll, describe, expect, it } from 'vitest';
import { decode } from '../../src/geo/geohash.ts';
import {
  api,
  BOX,
  cellStub,
  EAST,
  eventually,
  inboxOf,
  type Json,
  type Point,
  pause,
  rollOut,
  rowsOf,
  stream,
  WEST,
} from './world.ts';

/** A granted user stays at least this long (DWELL_MS). */
const DWELL_MS = 2000;
const [WEST_CELL, EAST_CELL] = ['9q8yyk', '9q8yys'];
/** The border between the two. */
const BORDER_LNG = decode('9q8yyk').maxLng;

beforeAll(async () => {
  await rollOut('moving', BOX, { cooldownMs: 0, radiusGrowth: [1] });
});

const born = async (): Promise<readonly string[]> => {
  const { body } = await api<{ readonly items: readonly { readonly cell: string; readonly born: boolean }[] }>(
    'ops',
    'GET',
    '/v1/ops/cells?city=moving',
  );
  return body.items.filter((item) => item.born).map(({ cell }) => cell);
};

/** The cells in whose rows the user is live: where a question could find them. */
async function holdersOf(user: string): Promise<readonly string[]> {
  const holders: string[] = [];
  for (const cell of await born()) {
    const row = (await rowsOf(cellStub(cell), 'users')).get(user);
    if (row?.['phase'] === 'live') holders.push(cell);
  }
  return holders;
}

const askNear = (asker: string, point: Point, topic: string): Promise<{ readonly body: Json }> =>
  api(asker, 'POST', '/v1/questions', { ...point, text: 'Here?', topic, radiusM: 500 });

describe('a user who crosses into another cell', () => {
  it.each([
    ['numbered', (seq: number) => ({ session: 's', seq })],
    ['plain', () => ({})],
  ])(
    'CLAIM6: who comes back within the dwell stays, whatever the cell between had acknowledged (%s)',
    async (how, more) => {
      const user = `back-${how}`;
      const put = async (point: Point, seq: number) =>
        (await api(user, 'PUT', '/v1/presence', { ...point, ...more(seq), topics: ['back'] })).body['cell'];
      expect(await put(WEST, 1)).toBe(WEST_CELL);
      expect(await put(EAST, 2)).toBe(EAST_CELL);
      await pause(50);
      expect(await put(WEST, 3)).toBe(WEST_CELL);
      const asked = await eventually('the cell between has let go', async () => {
        const waiting = (await rowsOf(cellStub(EAST_CELL), 'arriving')).get(user);
        return waiting === undefined ? true : undefined;
      });
      expect(asked).toBe(true);
      await pause(DWELL_MS);
      expect(await holdersOf(user)).toEqual([WEST_CELL]);
    },
  );

  it('OWN1, CLAIM4, KEEP2: is matchable in one cell at any time, and the events follow', async () => {
    const user = 'mover';
    const put = (point: Point) => api(user, 'PUT', '/v1/presence', { ...point, topics: ['moving'], capacity: 2 });
    expect((await put(WEST)).body['cell']).toBe(WEST_CELL);
    expect(await holdersOf(user)).toEqual([WEST_CELL]);
    await askNear('asker', WEST, 'moving');
    await inboxOf(user, 1);

    expect(await put(EAST)).toMatchObject({ status: 200, body: { cell: EAST_CELL } });
    const seen = new Set<string>();
    await eventually('the east has the user', async () => {
      const holders = await holdersOf(user);
      seen.add(holders.join(','));
      return holders.includes(EAST_CELL) ? true : undefined;
    });
    // Never both; in between, before the dwell is over, the west alone.
    expect([...seen].every((holders) => holders.split(',').length === 1)).toBe(true);
    expect(await holdersOf(user)).toEqual([EAST_CELL]);

    const socket = await stream(user);
    await askNear('asker', EAST, 'moving');
    const [first, second] = await inboxOf(user, 2);
    expect([first?.['seq'], second?.['seq']]).toEqual([1, 2]);
    const pushed = await eventually('the push', () => socket.events()[0]);
    expect(pushed).toEqual(second);
    // The slot of the first offer came along, the second has taken another.
    const row = (await rowsOf(cellStub(EAST_CELL), 'users')).get(user);
    expect(row?.['holds']).toHaveLength(2);
    socket.close();
  });

  it('OWN1: nobody who asks where the user was finds them there', async () => {
    const user = 'gone-east';
    await api(user, 'PUT', '/v1/presence', { ...WEST, topics: ['gone'] });
    await pause(DWELL_MS);
    await api(user, 'PUT', '/v1/presence', EAST);
    const { body } = await askNear('asker', WEST, 'gone');
    await eventually('dormant', async () => {
      const { body: now } = await api('asker', 'GET', `/v1/questions/${body['id']}`);
      return now['state'] === 'dormant' ? true : undefined;
    });
    expect(await inboxOf(user)).toEqual([]);
    const { body: east } = await askNear('asker', EAST, 'gone');
    expect(await inboxOf(user, 1)).toMatchObject([{ data: { questionId: east['id'] } }]);
  });

  it('CLAIM1: a ping that was overtaken by a later one of its session moves nobody', async () => {
    const put = (point: Point, seq: number) =>
      api('late', 'PUT', '/v1/presence', { ...point, session: 'phone', seq, topics: ['late'] });
    await put(WEST, 1);
    await pause(DWELL_MS);
    expect((await put(EAST, 3)).status).toBe(200);
    await eventually('the east', async () => ((await holdersOf('late'))[0] === EAST_CELL ? true : undefined));
    await pause(DWELL_MS);
    expect(await put(WEST, 2)).toMatchObject({ status: 409, body: { code: 'stale_ping' } });
    expect(await holdersOf('late')).toEqual([EAST_CELL]);
  });
});

describe('a stream near a border', () => {
  const east = (metres: number): Point => ({ lat: WEST.lat, lng: BORDER_LNG + metres / 87_900 });

  it('BORDER1: within the margin the holder keeps the socket, but for three points in a row', async () => {
    const socket = await stream('border', WEST);
    for (const metres of [60, 60, -100, 60, 60]) {
      expect(await socket.ask('presence', east(metres))).toMatchObject({ t: 'ok', result: { cell: WEST_CELL } });
    }
    expect(await socket.ask('presence', east(60))).toMatchObject({ t: 'closed', code: 4001 });
    expect(socket.heard.at(-1)).toMatchObject({ t: 'moved', reason: 'border', waitMs: expect.any(Number) });
  });

  it('BORDER1: beyond the margin it is told to move at once, and finds its new cell by connecting again', async () => {
    const socket = await stream('runner', WEST);
    await pause(DWELL_MS);
    expect(await socket.ask('presence', EAST)).toMatchObject({ t: 'closed', code: 4001 });
    const next = await stream('runner', EAST);
    expect(await next.ask('presence', EAST)).toMatchObject({ t: 'ok', result: { cell: EAST_CELL } });
    expect(await holdersOf('runner')).toEqual([EAST_CELL]);
    next.close();
  });

  it('OWN1: a socket whose user turned up elsewhere is sent away', async () => {
    const socket = await stream('two-phones', WEST);
    await pause(DWELL_MS);
    await api('two-phones', 'PUT', '/v1/presence', { ...EAST, session: 'other' });
    expect(await socket.closed).toMatchObject({ code: 4001 });
    expect(socket.heard.at(-1)).toMatchObject({ t: 'moved', reason: 'elsewhere' });
    expect(await holdersOf('two-phones')).toEqual([EAST_CELL]);
  });
});

describe('a map that changes', () => {
  const NORTH: Point = { lat: 37.79, lng: -122.41 };

  it('EDGE2: cells added a moment ago take users at once, although the cached map lacks them', async () => {
    const outside = await api('early', 'PUT', '/v1/presence', NORTH);
    expect(outside).toMatchObject({ status: 404, body: { code: 'out_of_coverage', nearestCity: { id: 'moving' } } });
    const [west, south, easternmost] = BOX;
    const { body } = await rollOut('moving', [west, south, easternmost, 37.795], { cooldownMs: 0, radiusGrowth: [1] });
    expect(body['added']).toBeGreaterThan(0);
    expect(await api('early', 'PUT', '/v1/presence', NORTH)).toMatchObject({ status: 200, body: { city: 'moving' } });
  });

  it('EDGE2: a cell that lives already is brought up to date by the first call that was routed by the newer map', async () => {
    const box = [-122.3, 37.86, -122.29, 37.865] as const;
    await rollOut('far', box, { presence: { ttlDefaultMs: 60_000 } });
    const leftMs = async (user: string): Promise<number> => {
      const { body } = await api(user, 'PUT', '/v1/presence', { lat: 37.862, lng: -122.295 });
      return Date.parse(String(body['expiresAt'])) - Date.now();
    };
    expect(await leftMs('settler')).toBeLessThanOrEqual(60_000);
    await rollOut('far', box, { presence: { ttlDefaultMs: 600_000 } });
    // Whoever changed the map through this isolate has it read anew.
    expect(await leftMs('newcomer')).toBeGreaterThan(500_000);
  });
});
