// A cell is split, and merged again, in workerd under live load: real objects, real D1, real sockets.
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  api,
  BOX,
  EAST,
  eventually,
  type Json,
  type Point,
  pause,
  rollOut,
  stream,
  WEST,
} from './world.ts';

const PARENT = '9q8yyk';

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

/** Until the map has its 32 parts. */
const untilDivided = (cell: string): Promise<true> =>
  eventually(
    `${cell} has been divided`,
    async () => (await states(cell)).filter((one) => one === 'leaf').length === 32 || undefined,
  );

const around = (point: Point, n: number): Point => ({
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
      const at = around(WEST, n + round);
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
      await pause(50);
    }
  }

  beforeAll(async () => {
    // Whatever the machine can do in a second: split and merged by hand alone, and never too hot for it.
    await rollOut('split', BOX, { limits: { autoSplit: false, eventsPerS: 1000 } });
  });

  it('SPLIT1 SPLIT2 SPLIT3 fails no request, loses no question, and moves its people and sockets to its parts', async () => {
    const people = Array.from({ length: 6 }, (_, n) => person(n));
    const talker = await stream('talker', WEST);
    await talker.ask('presence', { ...WEST, topics: [] });
    await eventually('they ask', () => asked.length > 10 || undefined);
    const refused = await api('ops', 'POST', '/v1/ops/cells/9q8yyzzz/split');
    expect(refused).toMatchObject({ status: 404, body: { code: 'unknown_cell' } });
    const answer = await api('ops', 'POST', `/v1/ops/cells/${PARENT}/split`);
    expect(answer).toMatchObject({ status: 202, body: { cell: PARENT, state: 'splitting' } });
    await untilDivided(PARENT);
    const { code } = await talker.closed;
    expect(talker.heard.at(-1)).toMatchObject({ t: 'moved' });
    expect(code).toBe(4001);
    const before = asked.length;
    await eventually('they ask the parts', () => asked.length > before + 20 || undefined);
    const again = await stream('talker', around(WEST, 1));
    expect(await again.ask('presence', around(WEST, 1))).toMatchObject({ t: 'ok' });
    stopped = true;
    await Promise.all(people);
    again.close();
    expect(bad).toEqual([]);
    expect(asked.length).toBeGreaterThan(10);
    for (const { id, user } of asked) {
      expect(await api(user, 'GET', `/v1/questions/${id}`), id).toMatchObject({ status: 200, body: { id } });
    }
    const users = await eventually('everybody is held by a part', async () => {
      const all = await cells();
      const inParts = all.filter(({ cell }) => cell.startsWith(PARENT));
      const held = all.reduce((sum, cell) => sum + cell.users, 0);
      return inParts.length === 32 && inParts.every(({ state }) => state === 'leaf') && held >= 7 ? held : undefined;
    });
    expect(users).toBe(7);
  });

  it('OPS1 shows its parts with everybody in them at once, and itself no more', async () => {
    type Told = { readonly cities: readonly Json[]; readonly cells: readonly { readonly cell: string }[] };
    const status = async () => (await api<Told>('ops', 'GET', '/v1/ops/status?city=split')).body;
    const told = await eventually('its parts have told of them', async () => {
      const now = await status();
      return now.cities[0]?.['users'] === 7 ? now : undefined;
    });
    expect(told.cells.map(({ cell }) => cell).filter((cell) => !cell.startsWith(PARENT) || cell === PARENT)).toEqual(
      [],
    );
  });

  it('LOAD1 MERGE1 is joined again by hand, and refuses what is no family of leaves', async () => {
    expect(await api('ops', 'POST', '/v1/ops/cells/9q8yym/merge')).toMatchObject({
      status: 409,
      body: { code: 'not_mergeable' },
    });
    await eventually('the parent has handed everything over', async () => {
      const { status } = await api('ops', 'POST', `/v1/ops/cells/${PARENT}/merge`);
      return status === 202 || undefined;
    });
    await eventually('the parent is a leaf', async () => {
      const row = await env.DB.prepare('SELECT state FROM cells WHERE cell = ?1')
        .bind(PARENT)
        .first<{ state: string }>();
      return row?.state === 'leaf' || undefined;
    });
    for (const { id, user } of asked) {
      expect(await api(user, 'GET', `/v1/questions/${id}`), id).toMatchObject({ status: 200, body: { id } });
    }
    expect(await states(PARENT)).toEqual(Array.from({ length: 32 }, () => 'merged'));
    const { body } = await api<{ readonly audit: readonly Json[] }>('ops', 'GET', '/v1/ops/cities/split');
    const done = body.audit.filter(({ action }) => !String(action).endsWith('.asked'));
    expect(done.map(({ action }) => action)).toEqual(['cell.merge', 'cell.split', 'city.create']);
    const byHand = body.audit
      .filter((entry) => !done.includes(entry))
      .map(({ actor, action, cell }) => [actor, action, cell]);
    expect(byHand).toEqual([
      ['ops', 'cell.merge.asked', PARENT],
      ['ops', 'cell.split.asked', PARENT],
    ]);
  });

  it('LOAD1 splits by itself at twice the target', async () => {
    await rollOut('split', BOX, { limits: { users: 2, eventsPerS: 500 } });
    const where = await api('crowd-0', 'PUT', '/v1/presence', EAST);
    const cell = String(where.body['cell']);
    for (let n = 1; n < 6; n++) await api(`crowd-${n}`, 'PUT', '/v1/presence', around(EAST, n));
    await untilDivided(cell);
    const { body } = await api<{ readonly audit: readonly Json[] }>('ops', 'GET', '/v1/ops/cities/split');
    expect(body.audit.filter((entry) => entry['cell'] === cell)).toMatchObject([
      { actor: 'cell', action: 'cell.split' },
    ]);
  });
});
