// The swap of a split or a merge in D1: all or nothing, once, and never on top of what others have changed since.
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { children } from '../../src/geo/geohash.ts';
import { epochMs } from '../../src/lib/brand.ts';
import type { CellId, CityId } from '../../src/protocol/ids.ts';
import type { CellLoad } from '../../src/protocol/status.ts';
import { d1CityStore } from '../../src/store/sql/d1-city-store.ts';
import { d1LoadStore } from '../../src/store/sql/d1-load-store.ts';
import { BOX, rollOut } from './world.ts';

const S = '9q8yyk' as CellId;
const C = '9q8yykd' as CellId;
const NEIGHBOUR = '9q8yym' as CellId;
const PARTS = children(S) as readonly CellId[];
const LOAD: CellLoad = {
  t: 'load',
  cell: S,
  city: 'swap' as CityId,
  life: 'leaf',
  users: 0,
  eventsPerS: 0,
  stepMs: 0,
  used: 0,
  strain: 0,
  queueAgeMs: 0,
  alarmLagMs: 0,
  sockets: 0,
  questions: { open: 0, dormant: 0, matched: 0, answered: 0, expired: 0, cancelled: 0 },
  beacons: 0,
  outbox: 0,
  journal: 0,
  endsInMs: 0,
};
const store = d1CityStore(env.DB, { now: () => epochMs(Date.now()), op: () => crypto.randomUUID() });

const rowOf = async (cell: CellId) => (await store.rows([cell])).rows[0];
const versionOf = async (cell: CellId): Promise<number> => (await rowOf(cell))?.version ?? 0;
const split = async (op = `${S}#1`) => ({
  op,
  city: 'swap' as CityId,
  from: [{ cell: S, version: await versionOf(S) }],
  to: PARTS,
  near: [NEIGHBOUR],
});

let n = 0;
beforeEach(async () => {
  await env.DB.batch(['cells', 'cities', 'audit', 'loads'].map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
  await rollOut('swap', BOX, { limits: { autoSplit: false }, cooldownMs: ++n });
});

describe('a swap', () => {
  it('SPLIT1 makes the parts leaves of one version, above all before it, and tells who is around', async () => {
    const before = await versionOf(S);
    const { rows } = await store.swap(await split());
    expect(rows).toMatchObject([{ cell: S, state: 'split', op: `${S}#1` }]);
    const parts = (await store.rows(PARTS)).rows;
    expect(parts).toHaveLength(32);
    const versions = new Set([...rows, ...parts].map(({ version }) => version));
    expect(versions.size).toBe(1);
    expect(Math.min(...versions)).toBeGreaterThan(before);
    expect((await store.mapRow(NEIGHBOUR))?.version).toBe([...versions][0]);
    expect((await store.mapRow(C))?.near).toContain(`${S}e`);
    expect(await store.mapRow(S)).toBeUndefined();
    expect((await store.city('swap' as CityId))?.cells).toBe((await store.leavesOf('swap' as CityId)).length);
  });

  it('SPLIT1 sent again changes nothing; of another version it changes nothing at all', async () => {
    const first = await split();
    await store.swap(first);
    const after = (await store.rows([S, ...PARTS])).rows;
    expect(await store.swap(first)).toMatchObject({ rows: [{ state: 'split', op: `${S}#1` }] });
    expect((await store.rows([S, ...PARTS])).rows).toEqual(after);
    const lost = { ...first, op: `${S}#2`, from: [{ cell: S, version: 1 }] };
    await store.swap(lost);
    expect((await store.rows([S, ...PARTS])).rows).toEqual(after);
    expect((await store.audit('swap' as CityId, 9)).map(({ action }) => action)).toEqual(['cell.split', 'city.create']);
  });

  it('SPLIT6 that comes late leaves alone what others have made of its leaves since', async () => {
    const first = await split();
    await store.swap(first);
    const again = { ...first, op: `${C}#1`, from: [{ cell: C, version: await versionOf(C) }], to: [] as CellId[] };
    await store.swap({ ...again, to: [`${C}0` as CellId, `${C}1` as CellId] });
    expect(await rowOf(C)).toMatchObject({ state: 'split' });
    await store.swap(first);
    expect(await rowOf(C)).toMatchObject({ state: 'split', op: `${C}#1` });
  });

  it('OPS1 forgets what was told by whoever is not a leaf any more, and what they tell late is not counted', async () => {
    const loads = d1LoadStore(env.DB);
    const tell = (cell: CellId, at: number) =>
      loads.tell({ ...LOAD, cell, city: 'swap' as CityId, users: 20, used: 0.9 }, epochMs(at));
    const seen = async () => ({
      cells: (await loads.hottest(epochMs(0), 10)).map(({ cell }) => cell),
      cities: (await loads.cities(epochMs(0))).map(({ cells, users }) => ({ cells, users })),
    });
    await tell(S, 1);
    await tell(NEIGHBOUR, 1);
    expect(await seen()).toEqual({ cells: [S, NEIGHBOUR], cities: [{ cells: 2, users: 40 }] });
    const first = await split();
    await store.swap({ ...first, from: [{ cell: S, version: 0 }] });
    expect((await seen()).cells).toEqual([S, NEIGHBOUR]);
    await store.swap(first);
    expect((await env.DB.prepare('SELECT cell FROM loads').all()).results).toEqual([{ cell: NEIGHBOUR }]);
    await tell(S, 2);
    expect(await seen()).toEqual({ cells: [NEIGHBOUR], cities: [{ cells: 1, users: 20 }] });
  });

  it('is recorded with whoever asked for it by hand, once for each time that it comes about', async () => {
    const city = 'swap' as CityId;
    const ask = (what: 'split' | 'merge', actor: string) => store.noteAsked({ what, cell: S, city, actor });
    const seen = async () =>
      (await store.audit(city, 9)).map(({ actor, action, detail }) => `${actor} ${action} ${detail['cell'] ?? ''}`);
    for (const actor of ['ann', 'ann', 'ben', 'ann']) await ask('split', actor);
    await store.swap(await split());
    const once = [`cell cell.split ${S}`, `ben cell.split.asked ${S}`, `ann cell.split.asked ${S}`, 'ops city.create '];
    expect(await seen()).toEqual(once);
    await ask('merge', 'ann');
    await ask('split', 'ann');
    expect(await seen()).toEqual([`ann cell.split.asked ${S}`, `ann cell.merge.asked ${S}`, ...once]);
  });

  it('MERGE1 takes all 32 or none, and the parent may be divided again', async () => {
    await store.swap(await split());
    const from = await Promise.all(PARTS.map(async (cell) => ({ cell, version: await versionOf(cell) })));
    const merge = { op: `${S}#2`, city: 'swap' as CityId, from, to: [S], near: [NEIGHBOUR] };
    const stale = from.map((one, at) => (at === 7 ? { ...one, version: 1 } : one));
    await store.swap({ ...merge, from: stale });
    expect(await rowOf(S)).toMatchObject({ state: 'split' });
    const { rows } = await store.swap(merge);
    expect(new Set(rows.map(({ state }) => state))).toEqual(new Set(['merged']));
    expect(new Set(rows.map(({ version }) => version)).size).toBe(1);
    expect(await rowOf(S)).toMatchObject({ state: 'leaf', op: `${S}#2` });
    await store.swap(await split(`${S}#3`));
    expect(await rowOf(S)).toMatchObject({ state: 'split', op: `${S}#3` });
    expect(await rowOf(C)).toMatchObject({ state: 'leaf', op: `${S}#3` });
  });

  it('MERGE1 knows a family of leaves by its parent, and nobody else', async () => {
    expect(await store.familyMapRow(S)).toBeUndefined();
    await store.swap(await split());
    const mapRow = await store.familyMapRow(S);
    expect(mapRow).toMatchObject({ cell: S, city: 'swap', version: await versionOf(C) });
    expect(mapRow?.near).toContain(NEIGHBOUR);
  });
});
