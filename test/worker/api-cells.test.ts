// What GET /v1/ops/cells shows of a change of the map that is not done: who is still held by a cell that is not a leaf any more.
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { epochMs } from '../../src/lib/brand.ts';
import type { CellEnvelope } from '../../src/messages/calls.ts';
import type { CellId } from '../../src/protocol/ids.ts';
import { d1CityStore } from '../../src/store/sql/d1-city-store.ts';
import { api, BOX, cellStub, eventually, type Json, near, rollOut } from './world.ts';

/** The cell of WEST, and the one beside it. */
const OLD = '9q8yyk' as CellId;
const NEW = '9q8yym' as CellId;

type Page = { readonly items: readonly Json[]; readonly handing: readonly Json[]; readonly total: number };
const look = async (query: string): Promise<Page> =>
  (await api<Page>('ops', 'GET', `/v1/ops/cells?city=sf&${query}`)).body;
const tell = (cell: CellId, request: CellEnvelope['request']) =>
  (cellStub(cell) as unknown as { readonly call: (envelope: CellEnvelope) => Promise<unknown> }).call({ request });

describe('GET /v1/ops/cells while a cell hands over', () => {
  beforeAll(async () => {
    await rollOut('sf', BOX, { limits: { autoSplit: false } });
    for (const n of [0, 1, 2]) await api(`user${n}`, 'PUT', '/v1/presence', near(n * 10));
    await eventually('all are held', async () => {
      const { items } = await look(`within=${OLD}`);
      return items[0]?.['users'] === 3 ? true : undefined;
    });
    // The old cell hands over to one that is on no map, so it never comes to an end.
    await tell(OLD, { t: 'retire', op: { by: '9q8yy' as CellId, n: 1_000_000 }, to: ['s00000' as CellId] });
    const store = d1CityStore(env.DB, { now: () => epochMs(Date.now()), op: () => 'op' });
    const mapRow = await store.mapRow(NEW);
    if (mapRow === undefined) throw new Error('no leaf');
    await tell(NEW, { t: 'init', op: { by: '9q8yy' as CellId, n: 1_000_000 }, from: OLD, mapRow });
  });

  it('SPLIT4 shows beside a leaf the cell that still holds people for it, and how many', async () => {
    const { items, handing, total } = await look(`within=${NEW}`);
    expect(total).toBe(1);
    expect(items).toMatchObject([{ cell: NEW, state: 'filling', behind: [OLD], users: 0 }]);
    expect(handing).toMatchObject([{ cell: OLD, city: 'sf', state: 'handing', users: 3 }]);
  });

  it('shows none twice, none for names alone, and none where nothing is under way', async () => {
    const all = await look('');
    expect(all.items.find(({ cell }) => cell === OLD)).toMatchObject({ state: 'handing', users: 3 });
    expect(all.handing).toEqual([]);
    expect((await look(`within=${NEW}&load=false`)).handing).toEqual([]);
    const other = await look('within=9q8yy7');
    expect(other.handing).toEqual([]);
    expect(other.items[0]).not.toHaveProperty('behind');
  });
});
