// Rolling cities out in D1: idempotent, first come first served, and versions that only rise.
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { CellMap, type CellRow } from '../../src/city/cell-map.ts';
import { planCity } from '../../src/city/plan.ts';
import { type Box, boxPolygon } from '../../src/geo/box-polygon.ts';
import { coverCircle } from '../../src/geo/cover.ts';
import { center } from '../../src/geo/geohash.ts';
import { outerRadiusM } from '../../src/geo/outer-radius.ts';
import { epochMs } from '../../src/lib/brand.ts';
import type { Result } from '../../src/lib/result.ts';
import { resolvePolicy } from '../../src/matching/policy.ts';
import type { CellId, CityId } from '../../src/protocol/ids.ts';
import { MARGIN_M } from '../../src/protocol/limits.ts';
import type { Problem } from '../../src/protocol/problems.ts';
import type { CityStore, Rollout, RolloutPreview, RolloutResult } from '../../src/store/city-store.ts';
import { d1CityStore } from '../../src/store/sql/d1-city-store.ts';

const WEST: Box = [-122.5, 37.7, -122.42, 37.81];
const EAST: Box = [-122.46, 37.7, -122.38, 37.81];
const OSLO: Box = [10.7, 59.9, 10.8, 59.95];

function rolloutOf(
  id: string,
  box: Box,
  more: { readonly precision?: number; readonly policy?: unknown } = {},
): Rollout {
  const boundary = boxPolygon(...box);
  const plan = planCity({ id, name: id, boundary, precision: more.precision });
  const policy = resolvePolicy(more.policy ?? {});
  if (!plan.ok || !policy.ok) throw new Error('a bad test');
  return {
    plan: plan.value,
    boundary: JSON.stringify(boundary),
    policyPatch: more.policy ?? {},
    policy: policy.value,
    actor: 'ops',
  };
}

let ops = 0;
const newStore = (): CityStore =>
  d1CityStore(env.DB, { now: () => epochMs(1_800_000_000_000), op: () => `op-${++ops}` });

const roll = async (store: CityStore, rollout: Rollout): Promise<RolloutResult> => okOf(await store.rollOut(rollout));
const preview = async (store: CityStore, rollout: Rollout): Promise<RolloutPreview> =>
  okOf(await store.preview(rollout));

function okOf<T>(result: Result<T, Problem>): T {
  if (!result.ok) throw new Error(result.error.code);
  return result.value;
}

const SF = 'west' as CityId;
const overlaps = [{ city: 'west', cells: 12 }];

describe('a rollout', () => {
  let store: CityStore;
  beforeEach(async () => {
    await env.DB.batch(['audit', 'cells', 'cities'].map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
    store = newStore();
  });

  it('adds a city with its cells, and leaves a trace of who did it', async () => {
    const rollout = rolloutOf('west', WEST);
    const { city, added, kept, changed } = await roll(store, rollout);
    expect({ added, kept, changed }).toEqual({ added: rollout.plan.cells.length, kept: 0, changed: true });
    expect(city).toMatchObject({ id: 'west', precision: 5, cells: added, version: 1, locationHint: 'wnam' });
    expect(await store.leavesOf(SF)).toEqual(rollout.plan.cells);
    const { results } = await env.DB.prepare('SELECT actor, action, subject FROM audit').all();
    expect(results).toEqual([{ actor: 'ops', action: 'city.create', subject: 'west' }]);
  });

  it('changes nothing when it is repeated', async () => {
    const first = await roll(store, rolloutOf('west', WEST));
    const again = await roll(store, rolloutOf('west', WEST));
    expect(again).toEqual({ ...first, added: 0, changed: false });
    expect((await env.DB.prepare('SELECT count(*) AS n FROM audit').first())?.['n']).toBe(1);
  });

  it('raises the version when the policy changes, and keeps the cells', async () => {
    const first = await roll(store, rolloutOf('west', WEST));
    const next = await roll(store, rolloutOf('west', WEST, { policy: { cooldownMs: 1 } }));
    expect(next).toMatchObject({ added: 0, changed: true });
    expect(next.city.version).toBeGreaterThan(first.city.version);
    expect(next.city.policy.cooldownMs).toBe(1);
    const mapRow = await store.mapRow(next.city && ((await store.leavesOf(SF))[0] as CellId));
    expect(mapRow).toMatchObject({ city: 'west', version: next.city.version, policy: { cooldownMs: 1 } });
  });

  it('ROLL1 leaves a cell with the city that had it first', async () => {
    await roll(store, rolloutOf('west', WEST));
    const before = await store.leavesOf(SF);
    const { city, added, overlaps } = await roll(store, rolloutOf('east', EAST));
    expect(overlaps).toEqual([{ city: 'west', cells: rolloutOf('east', EAST).plan.cells.length - added }]);
    const east = await store.leavesOf(city.id);
    expect(east).toHaveLength(added);
    expect(added).toBeGreaterThan(0);
    expect(added).toBeLessThan(rolloutOf('east', EAST).plan.cells.length);
    expect(east.filter((cell) => before.includes(cell))).toEqual([]);
    expect(await store.leavesOf(SF)).toEqual(before);
  });

  it('fills in between finer cells without overlap', async () => {
    await roll(store, rolloutOf('west', WEST, { precision: 6 }));
    const fine = await store.leavesOf(SF);
    const { city } = await roll(store, rolloutOf('east', EAST));
    const all = [...fine, ...(await store.leavesOf(city.id))].sort();
    expect(all.filter((cell, at) => at > 0 && cell.startsWith(all[at - 1] as string))).toEqual([]);
  });

  it('tells neighbours within reach that the map has changed, and nobody else', async () => {
    const west = await roll(store, rolloutOf('west', WEST));
    const oslo = await roll(store, rolloutOf('oslo', OSLO));
    const east = await roll(store, rolloutOf('east', EAST));
    expect((await store.city(SF))?.version).toBe(east.city.version);
    expect(east.city.version).toBeGreaterThan(Math.max(west.city.version, oslo.city.version));
    expect((await store.city('oslo' as CityId))?.version).toBe(oslo.city.version);
    const cell = (await store.leavesOf(SF))[0] as CellId;
    const near = (await store.mapRow(cell))?.near ?? [];
    expect(near).not.toContain(cell);
    expect(near).toEqual(expect.arrayContaining([...(await store.leavesOf('east' as CityId))].slice(0, 1)));
  });

  it('EDGE2 a cell is born with all leaves in reach, of whatever length, as a search through the whole map finds them', async () => {
    // Of five letters, of six and of seven, beside each other; and far away.
    await roll(store, rolloutOf('west', WEST));
    await roll(store, rolloutOf('east', EAST, { precision: 6 }));
    await roll(store, rolloutOf('south', [-122.45, 37.63, -122.44, 37.64], { precision: 7 }));
    await roll(store, rolloutOf('oslo', OSLO));
    const { results } = await env.DB.prepare(
      "SELECT cell, city, state, version FROM cells WHERE state = 'leaf'",
    ).all<CellRow>();
    const map = CellMap.of(results);
    const lengths = new Set<number>();
    for (const { cell: name } of results.filter((_, at) => at % 11 === 0)) {
      const cell = name as CellId;
      const mapRow = await store.mapRow(cell);
      const reachM = outerRadiusM(cell) + (mapRow?.policy.radiusStepsM.at(-1) ?? 0) + MARGIN_M;
      const all = coverCircle(center(cell), reachM, map).map((near) => near.cell);
      expect([...(mapRow?.near ?? [])].sort(), cell).toEqual(all.filter((near) => near !== cell).sort());
      for (const near of all) lengths.add(near.length);
    }
    expect([...lengths].sort()).toEqual([5, 6, 7]);
  });

  it('keeps cells that the boundary no longer touches, and says how many', async () => {
    const large = await roll(store, rolloutOf('west', [-122.5, 37.7, -122.38, 37.81]));
    const small = await roll(store, rolloutOf('west', [-122.5, 37.7, -122.48, 37.72]));
    expect(small.city.cells).toBe(large.city.cells);
    expect(small.kept).toBeGreaterThan(0);
    expect(small.kept).toBeLessThan(large.city.cells);
  });

  it('is whole or not at all when many go at once', async () => {
    const boxes: readonly (readonly [string, Box])[] = [
      ['west', WEST],
      ['east', EAST],
      ['oslo', OSLO],
    ];
    const results = await Promise.all(boxes.map(([id, box]) => newStore().rollOut(rolloutOf(id, box))));
    const done = results.filter((result) => result.ok).map((result) => result.value.city);
    expect(done.length).toBeGreaterThan(0);
    for (const { id } of done) expect((await store.leavesOf(id)).length).toBeGreaterThan(0);
    for (const city of await store.cities()) expect(city.cells).toBe((await store.leavesOf(city.id)).length);
  });

  it('of one city twice at once adds its cells once', async () => {
    const rollout = rolloutOf('west', WEST);
    const results = await Promise.all([1, 2, 3].map(() => newStore().rollOut(rollout)));
    const made = results.flatMap((result) => (result.ok && result.value.changed ? [result.value.added] : []));
    expect(made).toEqual([rollout.plan.cells.length]);
    expect(await store.leavesOf(SF)).toEqual(rollout.plan.cells);
    expect(await store.audit(SF, 10)).toHaveLength(1);
  });

  it('ROLL1 for which no cell is left is refused as a whole, naming who has them, and so is its preview', async () => {
    await roll(store, rolloutOf('west', WEST));
    const late = rolloutOf('late', WEST);
    const refused = { code: 'no_cell_left', detail: expect.stringContaining('12 are with west'), more: { overlaps } };
    expect(await store.rollOut(late)).toMatchObject({ ok: false, error: refused });
    expect(await store.preview(late)).toMatchObject({ ok: false, error: refused });
    expect(await store.city('late' as CityId)).toBeUndefined();
    expect(await store.audit('late' as CityId, 10)).toEqual([]);
  });

  it('ROLL1 twice at once on the same ground leaves one city, and nothing of the others', async () => {
    const ids = ['one', 'two', 'three'].map((id) => id as CityId);
    const results = await Promise.all(ids.map((id) => newStore().rollOut(rolloutOf(id, WEST))));
    const [winner] = ids.filter((_, at) => results[at]?.ok);
    const codes = results.flatMap((result) => (result.ok ? [] : [result.error.code]));
    expect(codes).toEqual(['no_cell_left', 'no_cell_left']);
    expect((await store.cities()).map(({ id }) => id)).toEqual([winner]);
    expect(await store.leavesOf(winner as CityId)).toHaveLength(12);
  });

  it('of a city that has cells may move its boundary to ground of others: it keeps what it has', async () => {
    await roll(store, rolloutOf('west', WEST));
    await roll(store, rolloutOf('oslo', OSLO));
    const moved = await roll(store, rolloutOf('oslo', WEST));
    expect(moved).toMatchObject({ added: 0, changed: true, overlaps });
    expect(moved.city.cells).toBe(moved.kept);
    expect(moved.kept).toBeGreaterThan(0);
  });

  it('is told with all later changes, newest first', async () => {
    const first = await roll(store, rolloutOf('west', WEST));
    await roll(store, rolloutOf('oslo', OSLO));
    const next = await roll(store, rolloutOf('west', WEST, { policy: { cooldownMs: 1 } }));
    const entry = { at: 1_800_000_000_000, actor: 'ops' };
    expect(await store.audit(SF, 10)).toMatchObject([
      { ...entry, action: 'city.update', detail: { version: next.city.version, added: 0, policy: { cooldownMs: 1 } } },
      { ...entry, action: 'city.create', detail: { version: first.city.version, added: first.added, precision: 5 } },
    ]);
    expect(await store.audit(SF, 1)).toHaveLength(1);
  });

  it('is what a part of the map shows at once', async () => {
    await roll(store, rolloutOf('west', WEST));
    const part = await store.part('9q8', { primary: true });
    expect(part.cities.map(({ id }) => id)).toEqual(['west']);
    expect(part.rows.map(({ cell }) => cell).sort()).toEqual(await store.leavesOf(SF));
    expect(await store.part('u4x', { primary: true })).toEqual({ rows: [], cities: [] });
  });

  it('is previewed as it would be carried out, and a preview changes nothing', async () => {
    await roll(store, rolloutOf('west', WEST));
    const east = rolloutOf('east', EAST, { policy: { cooldownMs: 1 } });
    const would = await preview(store, east);
    expect(await store.city('east' as CityId)).toBeUndefined();
    expect(await preview(store, east)).toEqual(would);
    const { city: _, ...did } = await roll(store, east);
    expect(did).toEqual(would);
    expect(would).toMatchObject({ changed: true, changes: [{ field: 'policy.cooldownMs', from: 10_000, to: 1 }] });
    expect(await preview(store, east)).toMatchObject({ added: 0, changed: false, changes: [] });
  });

  it('says in the audit from what to what', async () => {
    await roll(store, rolloutOf('west', WEST));
    await roll(store, rolloutOf('west', WEST, { policy: { offers: { spare: 3 }, gridLength: 8 } }));
    await roll(store, rolloutOf('west', WEST, { policy: { gridLength: 8 } }));
    expect((await store.audit(SF, 10)).map(({ detail }) => detail['changes'])).toEqual([
      [{ field: 'policy.offers.spare', from: 3, to: 1 }],
      [
        { field: 'policy.gridLength', from: 7, to: 8 },
        { field: 'policy.offers.spare', from: 1, to: 3 },
      ],
      [],
    ]);
  });

  it('for one version of a city is refused on another, so that two changes at once both count', async () => {
    const { city } = await roll(store, rolloutOf('west', WEST));
    const change = (policy: unknown) =>
      newStore().rollOut({ ...rolloutOf('west', WEST, { policy }), ifVersion: city.version });
    const results = await Promise.all([change({ gridLength: 8 }), change({ cooldownMs: 1 })]);
    expect(results.filter((result) => result.ok)).toHaveLength(1);
    const refused = results.find((result) => !result.ok);
    expect(refused).toMatchObject({ error: { code: 'changed_meanwhile' } });
    expect(await store.rollOut({ ...rolloutOf('west', WEST), ifVersion: 0 })).toMatchObject({ ok: false });
    expect((await store.rollOut({ ...rolloutOf('oslo', OSLO), ifVersion: 0 })).ok).toBe(true);
  });

  it('of 47,000 cells is one batch', async () => {
    const rollout = rolloutOf('west', [-122.6, 37.6, -122.3, 37.805], { precision: 7 });
    expect(rollout.plan.cells.length).toBeGreaterThan(30_000);
    expect((await roll(store, rollout)).added).toBe(rollout.plan.cells.length);
    expect(await store.leavesOf(SF)).toEqual(rollout.plan.cells);
  });
});
