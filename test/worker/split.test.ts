// A cell is divided, and joined again, in workerd under live load: real objects, real D1, real sockets.
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Answer, api, BOX, EAST, type Json, type Point, rollOut, stream, WEST } from './world.ts';

const PARENT = '9q8yyk';
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

type CellItem = { readonly cell: string; readonly state: string; readonly users: number };

async function cells(): Promise<readonly CellItem[]> {
  const { body } = await api<{ readonly items: readonly CellItem[] }>('ops', 'GET', '/v1/ops/cells?city=split');
  return body.items;
}

const states = async (parent: string): Promise<readonly string[]> => {
  const { results } = await env.DB.prepare('SELECT state FROM cells WHERE cell LIKE ?1 AND length(cell) = ?2')
    .bind(`${parent}%`, parent.length + 1)
    .all<{ readonly state: string }>();
  return results.map(({ state }) => state);
};

/** Until it holds, or for too long. */
async function until(what: string, holds: () => Promise<boolean>, ms = 20_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited too long until ${what}`);
    await sleep(100);
  }
}

const near = (point: Point, n: number): Point => ({
  lat: point.lat + ((n % 7) - 3) * 0.0004,
  lng: point.lng + ((n % 5) - 2) * 0.0006,
});

describe('a cell that is divided under live load', () => {
  const bad: string[] = [];
  const asked: { readonly id: string; readonly user: string }[] = [];
  const note = (what: string, { status, body }: Answer): void => {
    if (status >= 400 && body['code'] !== 'offer_gone') bad.push(`${what}: ${status} ${JSON.stringify(body)}`);
  };
  let stopped = false;

  /** One user after the other: pings, asks, looks, accepts, as fast as answers come. */
  async function person(n: number): Promise<void> {
    const user = `walker-${n}`;
    for (let round = 0; !stopped; round++) {
      const at = near(WEST, n + round);
      note(`${user} pings`, await api(user, 'PUT', '/v1/presence', { ...at, capacity: 20, session: 's', seq: round }));
      if (round % 3 === 0) {
        const question = { ...at, text: `where ${n}.${round}?`, radiusM: 500, expiresInS: 600 };
        const answer = await api(user, 'POST', '/v1/questions', question, { 'idempotency-key': `k${round}` });
        note(`${user} asks`, answer);
        if (answer.status === 201) asked.push({ id: String(answer.body['id']), user });
      }
      const offers = await api<{ readonly items: readonly Json[] }>(user, 'GET', '/v1/offers');
      const [first] = offers.body.items;
      if (first !== undefined)
        note(`${user} accepts`, await api(user, 'POST', `/v1/offers/${String(first['id'])}/accept`));
      await sleep(50);
    }
  }

  beforeAll(async () => {
    await rollOut('split', BOX, { limits: { autoSplit: false } });
  });

  it('SPLIT1 SPLIT2 SPLIT3 fails no request, loses no question, and moves its people and sockets to its parts', async () => {
    const people = Array.from({ length: 6 }, (_, n) => person(n));
    const talker = await stream('talker', WEST);
    await talker.ask('presence', { ...WEST, topics: [] });
    await sleep(500);
    const refused = await api('ops', 'POST', '/v1/ops/cells/9q8yyzzz/split');
    expect(refused).toMatchObject({ status: 404, body: { code: 'unknown_cell' } });
    const answer = await api('ops', 'POST', `/v1/ops/cells/${PARENT}/split`);
    expect(answer).toMatchObject({ status: 202, body: { cell: PARENT, state: 'splitting' } });
    await until(
      'the map has the parts',
      async () => (await states(PARENT)).filter((one) => one === 'leaf').length === 32,
    );
    const { code } = await talker.closed;
    expect(talker.heard.at(-1)).toMatchObject({ t: 'moved' });
    expect(code).toBe(4001);
    await sleep(1500);
    const again = await stream('talker', near(WEST, 1));
    expect(await again.ask('presence', near(WEST, 1))).toMatchObject({ t: 'ok' });
    stopped = true;
    await Promise.all(people);
    again.close();
    expect(bad).toEqual([]);
    expect(asked.length).toBeGreaterThan(10);
    for (const { id, user } of asked) {
      expect(await api(user, 'GET', `/v1/questions/${id}`), id).toMatchObject({ status: 200, body: { id } });
    }
    await until('everybody is held by a part', async () => {
      const inParts = (await cells()).filter(({ cell }) => cell.startsWith(PARENT));
      return inParts.length === 32 && inParts.every(({ state }) => state === 'leaf');
    });
    const users = (await cells()).reduce((sum, cell) => sum + cell.users, 0);
    expect(users).toBe(7);
  });

  it('LOAD1 MERGE1 is joined again by hand, and refuses what is no family of leaves', async () => {
    expect(await api('ops', 'POST', '/v1/ops/cells/9q8yym/merge')).toMatchObject({
      status: 409,
      body: { code: 'not_mergeable' },
    });
    await until('the parent has handed everything over', async () => {
      const { status } = await api('ops', 'POST', `/v1/ops/cells/${PARENT}/merge`);
      return status === 202;
    });
    await until('the parent is a leaf', async () => {
      const row = await env.DB.prepare('SELECT state FROM cells WHERE cell = ?1')
        .bind(PARENT)
        .first<{ state: string }>();
      return row?.state === 'leaf';
    });
    for (const { id, user } of asked) {
      expect(await api(user, 'GET', `/v1/questions/${id}`), id).toMatchObject({ status: 200, body: { id } });
    }
    expect(await states(PARENT)).toEqual(Array.from({ length: 32 }, () => 'merged'));
    const { body } = await api<{ readonly audit: readonly Json[] }>('ops', 'GET', '/v1/ops/cities/split');
    expect(body.audit.map(({ action }) => action)).toEqual(['cell.merge', 'cell.split', 'city.create']);
  });

  it('LOAD1 splits by itself at twice the target', async () => {
    await rollOut('split', BOX, { limits: { users: 2, eventsPerS: 500 } });
    const where = await api('crowd-0', 'PUT', '/v1/presence', EAST);
    const cell = String(where.body['cell']);
    for (let n = 1; n < 6; n++) await api(`crowd-${n}`, 'PUT', '/v1/presence', near(EAST, n));
    await until('it has been divided', async () => (await states(cell)).filter((one) => one === 'leaf').length === 32);
  });
});
