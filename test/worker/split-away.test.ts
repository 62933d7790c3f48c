// D1 is away, its tables out of reach: matching goes on, rollouts and new changes of the map do not, and a split that has begun waits
// and comes about when D1 is back.
import { env } from 'cloudflare:workers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CellReply, CellRequest } from '../../src/messages/calls.ts';
import { api, BOX, cellStub, eventually, type Json, pause, rollOut, WEST } from './world.ts';

const PARENT = '9q8yyk';
const ASK = { ...WEST, text: 'Is it open?', radiusM: 500, expiresInS: 600 };

/** Every statement about them fails from now on. */
async function away(isAway: boolean): Promise<void> {
  for (const table of ['cells', 'cities']) {
    const [from, to] = isAway ? [table, `${table}_away`] : [`${table}_away`, table];
    await env.DB.prepare(`ALTER TABLE ${from} RENAME TO ${to}`).run();
  }
}

async function parts(table: 'cells' | 'cells_away'): Promise<number> {
  const query = `SELECT count(*) AS n FROM ${table} WHERE cell LIKE '${PARENT}_' AND state = 'leaf'`;
  return (await env.DB.prepare(query).first<{ readonly n: number }>())?.n ?? 0;
}

/** As the edge calls it, past the edge. */
async function tell(request: CellRequest): Promise<CellReply> {
  const stub = cellStub(PARENT) as unknown as { readonly call: (envelope: object) => Promise<CellReply> };
  return stub.call({ request });
}

/** Somebody asks, somebody else takes it: the whole way. */
async function matches(topic: string): Promise<void> {
  expect(await api('bob', 'PUT', '/v1/presence', { ...WEST, topics: [topic], ttlS: 600 })).toMatchObject({
    status: 200,
  });
  const asked = await api('alice', 'POST', '/v1/questions', { ...ASK, topic });
  expect(asked).toMatchObject({ status: 201 });
  const offer = await eventually('an offer', async () => {
    const { body } = await api<{ readonly items: readonly Json[] }>('bob', 'GET', '/v1/offers');
    return body.items.find(({ questionId }) => questionId === asked.body['id']);
  });
  expect(await api('bob', 'POST', `/v1/offers/${String(offer['id'])}/accept`)).toMatchObject({ status: 200 });
  expect(await api('bob', 'POST', `/v1/offers/${String(offer['id'])}/answer`, { text: 'Yes' })).toMatchObject({
    status: 201,
  });
}

describe('while D1 is away', () => {
  beforeAll(async () => {
    await rollOut('away', BOX, { limits: { autoSplit: false }, cooldownMs: 0 });
    await matches('before');
    await away(true);
  });
  afterAll(async () => {
    // Whatever failed in between: the tables are there again for whoever comes next.
    await away(false).catch(() => {});
  });

  it('SPLIT1 SPLIT2 matching goes on in a cell that wants to be divided and cannot be; it does not give up, and is a leaf', async () => {
    expect(await tell({ t: 'split' })).toMatchObject({ t: 'changing', life: 'splitting' });
    await matches('while it is away');
    // Its children are ready, and it has asked D1 more than once.
    await pause(3000);
    expect(await tell({ t: 'load' })).toMatchObject({ life: 'splitting' });
    expect(await parts('cells_away')).toBe(0);
    await matches('later');
  });

  it('a rollout and a new change of the map are stopped', async () => {
    const away = { status: 503, body: { code: 'busy', retryAfterS: 1 } };
    expect(await rollOut('other', [-122.3, 37.8, -122.29, 37.81])).toMatchObject(away);
    expect(await api('ops', 'POST', '/v1/ops/cells/9q8yym/split')).toMatchObject(away);
    expect(await api('ops', 'GET', '/v1/ops/cities')).toMatchObject(away);
  });

  it('SPLIT1 it comes about by itself when D1 is back, with every question', async () => {
    const before = await api<{ readonly items: readonly Json[] }>('alice', 'GET', '/v1/questions');
    expect(before.body.items).toHaveLength(3);
    await away(false);
    await eventually(
      'the map has the parts',
      async () => ((await parts('cells')) === 32 ? true : undefined),
      // Its back-off is eight seconds at the most, and alarms are not to the millisecond.
      20_000,
    );
    await matches('afterwards');
    const after = await api<{ readonly items: readonly Json[] }>('alice', 'GET', '/v1/questions');
    expect(after.body.items).toHaveLength(4);
    expect(after.body.items.map(({ state }) => state)).toEqual(['answered', 'answered', 'answered', 'answered']);
  });
});
