// A crowd drives a real cell over limits that its city set very low: the interval is stretched, points are worked off together,
// newcomers are refused, then questions, then what is said of offers; and everything that was acknowledged is still there.
import { env, exports } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { epochMs } from '../../src/lib/brand.ts';
import type { CellId, CityId } from '../../src/protocol/ids.ts';
import type { CellLoad } from '../../src/protocol/status.ts';
import { d1LoadStore } from '../../src/store/sql/d1-load-store.ts';
import {
  api,
  BOX,
  cellStub,
  eventually,
  type Frame,
  inboxOf,
  type Json,
  near,
  type Point,
  rollOut,
  rowsOf,
  rowsWritten,
  type Stream,
  stream,
  tokenOf,
  WEST,
} from './world.ts';

/** Two events a second split the cell; what came in fades to a third in 30 s. */
const POLICY = { cooldownMs: 0, limits: { eventsPerS: 1, autoSplit: false }, offers: { ttlMs: 300_000 } };
const CELL = '9q8yyk';

const loadOf = async (): Promise<CellLoad> => {
  const reply = await (cellStub(CELL) as unknown as { call: (envelope: unknown) => Promise<CellLoad> }).call({
    request: { t: 'load' },
  });
  return reply;
};
/** Raises the strain above a value, and not much more: looking and cancelling are never refused. It fades by itself. */
const driveAbove = (strain: number): Promise<CellLoad> =>
  eventually(
    `a strain above ${strain}`,
    async () => {
      const [load] = await Promise.all([loadOf(), loadOf(), loadOf(), loadOf(), loadOf()]);
      return load.strain > strain ? load : undefined;
    },
    20_000,
  );
const idOf = (event: Json | undefined): string => String((event?.['data'] as Json | undefined)?.['id']);
const refused = { status: 503, code: 'busy', retryAfterS: expect.any(Number) };

/** Over HTTP, with the header that tells when to come again. */
async function put(
  user: string,
  body: Point,
): Promise<{ readonly status: number; readonly retryAfter: string | null }> {
  const response = await exports.default.fetch('https://vicinal.test/v1/presence', {
    method: 'PUT',
    headers: { authorization: `Bearer ${await tokenOf(user)}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, retryAfter: response.headers.get('retry-after') };
}

describe('a cell over its limits', () => {
  let ben: Stream;
  let carl: Stream;
  let offerId: string;
  let questionId: string;

  beforeAll(async () => {
    await rollOut('pressed', BOX, POLICY);
    ben = await stream('ben', WEST);
    await put('cleo', near(0));
    const asked = await api('dan', 'POST', '/v1/questions', { ...near(0), text: 'Is it open?', expiresInS: 600 });
    questionId = String(asked.body['id']);
    expect(asked.body['cell']).toBe(CELL);
    const [event] = await inboxOf('ben', 1);
    offerId = idOf(event);
    carl = await stream('carl', WEST);
  });

  it('LOAD2 stretches the interval that it tells over sockets and HTTP', async () => {
    await driveAbove(0.9);
    const reply = (await ben.ask('presence', near(0))) as { readonly result: Json };
    expect(reply.result['pingEveryS']).toBeGreaterThan(20);
    const { body } = await api('cleo', 'PUT', '/v1/presence', near(0));
    expect(body['pingEveryS']).toBeGreaterThan(20);
  });

  it('LOAD3 acknowledges many points, over HTTP too, and writes no row but the one that begins the interval', async () => {
    await driveAbove(1.05);
    // The first that moves the square begins the interval in which the others are worked off together: it may be a later one than this.
    await api('cleo', 'PUT', '/v1/presence', near(150));
    await ben.ask('presence', near(150));
    const before = await rowsWritten(cellStub(CELL));
    const replies: unknown[] = [];
    for (let i = 0; (await loadOf()).strain < 1.4; i++) {
      replies.push(await ben.ask('presence', near(i % 2 === 0 ? -150 : 150)));
      const { status } = await put('cleo', near(i % 2 === 0 ? -150 : 150));
      replies.push({ t: status === 200 ? 'ok' : 'error' });
    }
    expect(replies.length).toBeGreaterThan(3);
    expect(replies.filter((reply) => (reply as Frame)['t'] !== 'ok')).toEqual([]);
    expect((await rowsWritten(cellStub(CELL))) - before).toBeLessThanOrEqual(1);
  });

  it('LOAD4 refuses newcomers with 503 and Retry-After, and on a socket what comes before its time', async () => {
    await driveAbove(2);
    const newcomer = await put('newcomer', near(0));
    expect(newcomer.status).toBe(503);
    expect(Number(newcomer.retryAfter)).toBeGreaterThanOrEqual(10);
    const late = await stream('latecomer', WEST);
    expect(await late.closed).toMatchObject({ code: 1008, reason: 'busy' });
    expect(late.heard[0]).toMatchObject({ t: 'error', ...refused });
    expect(await ben.ask('presence', near(0))).toMatchObject({ t: 'error', ...refused });
    expect((await put('cleo', near(0))).status).toBe(503);
  });

  it('LOAD5 still takes questions and accepts', async () => {
    const asked = await api('eli', 'POST', '/v1/questions', { ...near(0), text: 'And now?', expiresInS: 600 });
    expect(asked.status).toBe(201);
    expect(await ben.ask('accept', { id: offerId })).toMatchObject({ t: 'ok', result: { state: 'accepted' } });
  });

  it('LOAD5 refuses new questions with Retry-After, then what is said of offers, and never a cancel', async () => {
    const mine = await api('fay', 'POST', '/v1/questions', { ...near(0), text: 'Mine', expiresInS: 600 });
    expect(mine.status).toBe(201);
    await driveAbove(2.7);
    const before = await rowsWritten(cellStub(CELL));
    const asked = await ben.ask('ask', { ...near(0), text: 'Too much?' });
    expect(asked).toMatchObject({ t: 'error', ...refused });
    expect(await ben.ask('answer', { id: offerId, text: 'It is.' })).toMatchObject({ t: 'ok' });
    const [event] = await inboxOf('carl', 1);
    const offer = idOf(event);
    await driveAbove(3.5);
    const early = await rowsWritten(cellStub(CELL));
    expect(await carl.ask('accept', { id: offer })).toMatchObject({ t: 'error', ...refused });
    expect((await api('carl', 'POST', `/v1/offers/${offer}/decline`)).status).toBe(503);
    expect((await rowsWritten(cellStub(CELL))) - early).toBe(0);
    expect(early).toBeGreaterThan(before);
    const cancelled = await api('fay', 'DELETE', `/v1/questions/${mine.body['id']}`);
    expect(cancelled).toMatchObject({ status: 200, body: { state: 'cancelled' } });
  });

  it('KEEP1, KEEP2, LOAD5: all that was acknowledged is still there', async () => {
    const seen = await api('dan', 'GET', `/v1/questions/${questionId}`);
    expect(seen.body).toMatchObject({ state: 'answered', offersAccepted: 1 });
    const types = (await inboxOf('dan', 2)).map(({ type }) => type);
    expect(types).toEqual(['question.matched', 'question.answered']);
    const users = await rowsOf(cellStub(CELL), 'users');
    for (const user of ['ben', 'cleo', 'carl']) expect(users.has(user)).toBe(true);
    expect(users.has('newcomer')).toBe(false);
    ben.close();
    carl.close();
  });
});

describe('OPS1: GET /v1/ops/status', () => {
  const loads = d1LoadStore(env.DB);
  const told = (cell: string, used: number): CellLoad => ({
    t: 'load',
    cell: cell as CellId,
    city: 'pressed' as CityId,
    life: 'leaf',
    users: 3,
    eventsPerS: 2,
    stepMs: 0.01,
    used,
    strain: used,
    queueAgeMs: 1000,
    alarmLagMs: 0,
    sockets: 1,
    questions: { open: 1, dormant: 2, matched: 0, answered: 0, expired: 0, cancelled: 0 },
    beacons: 0,
    outbox: 1,
    journal: 9,
    endsInMs: 0,
  });

  const leaf = (cell: string) =>
    env.DB.prepare(
      "INSERT INTO cells (cell, city, state, version, op, prefix) VALUES (?1, 'pressed', 'leaf', 1, 'test', '9q8')",
    )
      .bind(cell)
      .run();

  it('reads one table, asks the hottest, and says what is hot next', async () => {
    const now = epochMs(Date.now());
    await loads.tell(told(CELL, 0.2), now);
    // Told two hours ago, of a cell that is none, and of one that was never called: none is shown, the last alone is summed.
    await leaf('9q8yyb');
    await leaf('9q8yyc');
    await loads.tell(told('9q8yyb', 0.9), epochMs(now - 7_200_000));
    await loads.tell(told('9q8yyf', 0.9), now);
    await loads.tell(told('9q8yyc', 0.1), now);
    const { status, body } = await api<{ cities: Json[]; cells: Json[]; hotNext: Json | null }>(
      'ops',
      'GET',
      '/v1/ops/status?city=pressed',
    );
    expect(status).toBe(200);
    expect(body.cells.map(({ cell, live }) => [cell, live])).toEqual([[CELL, true]]);
    expect(body.cells[0]?.['used']).toBeGreaterThan(1);
    expect(body.cities).toMatchObject([{ id: 'pressed', cellsTold: 2, headroom: 1 - Number(body.cells[0]?.['used']) }]);
    expect(body.hotNext).toBeNull();
  });

  it('OPS1 keeps the newest of what a cell tells, in one row, and forgets what is old', async () => {
    const written = async (cell: string, at: number): Promise<number> => {
      const load = told(cell, 0.5);
      const { meta } = await env.DB.prepare(
        `INSERT INTO loads (cell, city, used, told_at, load) VALUES (?1, 'x', 0.5, ?2, ?3)
         ON CONFLICT (cell) DO UPDATE SET told_at = excluded.told_at WHERE told_at < excluded.told_at`,
      )
        .bind(cell, at, JSON.stringify(load))
        .run();
      return meta.rows_written;
    };
    expect([await written('u33dc', 1000), await written('u33dc', 2000), await written('u33dc', 1500)]).toEqual([
      1, 1, 0,
    ]);
    await loads.prune(epochMs(2001));
    expect(await loads.hottest(epochMs(0), 10, 'x' as CityId)).toEqual([]);
  });

  it('EDGE1 refuses what is no number of cells, an unknown city, and whoever is not ops', async () => {
    expect(await api('ops', 'GET', '/v1/ops/status?cells=0')).toMatchObject({
      status: 422,
      body: { code: 'bad_query' },
    });
    expect(await api('ops', 'GET', '/v1/ops/status?city=nowhere')).toMatchObject({ status: 404 });
    expect(await api('ben', 'GET', '/v1/ops/status')).toMatchObject({ status: 403 });
  });
});
