// Presence over streams: what it costs in rows, and what its soft state is worth after hibernation.
import { evictDurableObject } from 'cloudflare:test';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  api,
  BOX,
  cellStub,
  eventually,
  evictAll,
  inside,
  type Json,
  rollOut,
  rowsOf,
  rowsWritten,
  type Stream,
  stream,
  userStub,
  WEST,
} from './world.ts';

const USERS = 20;
const UPDATES_EACH = 1000;
/** Sent before a reply is waited for, by each user. */
const IN_FLIGHT = 20;

const users = Array.from({ length: USERS }, (_, i) => `walker-${i + 1}`);
let cell = '';

/** Steps around the middle of the cell, wide enough that the snapped point keeps changing. */
function pointAt(user: number, step: number): Json {
  const angle = (step * 0.7 + user) % (2 * Math.PI);
  return { lat: WEST.lat + 0.0018 * Math.sin(angle), lng: WEST.lng + 0.0038 * Math.cos(angle) };
}

async function walk(walker: Stream, user: number): Promise<void> {
  for (let step = 0; step < UPDATES_EACH; step += IN_FLIGHT) {
    const replies = await Promise.all(
      Array.from({ length: IN_FLIGHT }, (_, i) =>
        walker.ask('presence', { ...pointAt(user, step + i), seq: step + i }),
      ),
    );
    for (const reply of replies) expect(reply).toMatchObject({ t: 'ok', result: { cell } });
  }
}

beforeAll(async () => {
  // What is counted is what is taken: this cell refuses nobody.
  await rollOut('rows', BOX, { limits: { eventsPerS: 100_000 } });
});

describe('presence over streams', () => {
  const walkers: Stream[] = [];

  it('SOFT1: 20,000 updates write no more rows than there are users, alarms counted', async () => {
    for (const user of users) walkers.push(await stream(user, WEST));
    const first = (await walkers[0]?.ask('presence', pointAt(0, 0))) as { readonly result?: Json };
    cell = String(first.result?.['cell']);
    const stubs = [cellStub(cell), ...users.map(userStub)];
    const written = async (): Promise<number> =>
      (await Promise.all(stubs.map(rowsWritten))).reduce((sum, rows) => sum + rows, 0);

    const before = await written();
    await Promise.all(walkers.map(walk));
    const rows = (await written()) - before;

    expect(rows).toBeLessThanOrEqual(USERS);
    // The counter counts: a profile that changes is one row.
    await walkers[0]?.ask('presence', { ...pointAt(0, 0), topics: ['go'] });
    expect((await written()) - before - rows).toBe(1);
    // The points did change, on the grid and all.
    const seen = new Set(Array.from({ length: UPDATES_EACH }, (_, step) => JSON.stringify(pointAt(3, step))));
    expect(seen.size).toBeGreaterThan(900);
  }, 600_000);

  it('SOFT1: the last point of a stream survives hibernation, and counts', async () => {
    // So far apart that the square that others see follows at once, though never quite.
    const [west, east] = [
      { lat: WEST.lat, lng: WEST.lng - 0.0045 },
      { lat: WEST.lat, lng: WEST.lng + 0.0045 },
    ];
    await walkers[0]?.ask('presence', { ...west, topics: ['chess'], seq: 2000 });
    await walkers[0]?.ask('presence', { ...east, seq: 2001 });
    const row = (await rowsOf(cellStub(cell), 'users')).get('walker-1');
    expect(Number((row?.['point'] as Json | undefined)?.['lng'])).toBeLessThan(WEST.lng);
    await evictAll();
    const asked = await api('asker', 'POST', '/v1/questions', {
      ...east,
      text: 'Check?',
      topic: 'chess',
      radiusM: 500,
    });
    expect(asked.status).toBe(201);
    const event = await eventually('the offer', () => walkers[0]?.events()[0]);
    expect(event).toMatchObject({ type: 'offer.made' });
  });

  it('SOFT1: soft state without a row of its epoch counts for nothing, and its socket is sent away', async () => {
    await inside(cellStub(cell), ({ storage }) => void storage.sql.exec("DELETE FROM users WHERE k = 'walker-2'"));
    await evictDurableObject(cellStub(cell));
    expect(await api('ops', 'GET', '/v1/ops/cells?city=rows')).toMatchObject({ status: 200 });
    expect(await walkers[1]?.closed).toMatchObject({ code: 4001 });
    expect(walkers[1]?.heard.at(-1)).toMatchObject({ t: 'moved', reason: 'elsewhere' });
  });

  it('ROW1: a socket with an attachment of an unknown version is sent away by name, and the others stay', async () => {
    await inside(cellStub(cell), (ctx) => ctx.getWebSockets('walker-3')[0]?.serializeAttachment({ v: 3 }));
    await evictDurableObject(cellStub(cell));
    expect(await walkers[3]?.ask('presence', pointAt(3, 1))).toMatchObject({ t: 'ok' });
    const { code, reason } = (await walkers[2]?.closed) ?? {};
    expect({ code, reason }).toEqual({
      code: 4001,
      reason: 'socket attachment has version 3; this code reads versions 1 and 2',
    });
  });

  it('LEASE1: a lease that a stream asked for is kept over hibernation', async () => {
    const before = await walkers[4]?.ask('presence', { ...pointAt(4, 1), ttlS: 1000 });
    await evictAll();
    const after = await walkers[4]?.ask('presence', pointAt(4, 2));
    const left = (reply: Json | undefined): number => {
      const { result } = reply as { readonly result: { readonly expiresAt: string } };
      return Date.parse(result.expiresAt) - Date.now();
    };
    expect(left(before)).toBeGreaterThan(990_000);
    expect(left(after)).toBeGreaterThan(990_000);
  });
});
