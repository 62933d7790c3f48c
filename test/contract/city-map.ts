// What the map at its primary promises the cells, as cases that every implementation passes: D1 in workerd, and the simulator's.
import { expect, it } from 'vitest';
import { children } from '../../src/geo/geohash.ts';
import type { MapRow } from '../../src/messages/map-row.ts';
import type { MapReply, MapRequest, MapRowView } from '../../src/messages/resharding.ts';
import type { CellId, CityId } from '../../src/protocol/ids.ts';

/** A city of cells of length 6 in which S and its neighbour lie. */
export type CityMap = {
  readonly city: CityId;
  readonly ask: (request: MapRequest) => Promise<MapReply>;
  /** By which a leaf is initialised; `undefined` for what is none. */
  readonly mapRow: (cell: CellId) => Promise<MapRow | undefined>;
  readonly drain: () => Promise<unknown>;
  readonly keep: () => Promise<unknown>;
  /** Whether the city was taken away: everybody has said that it is drained. */
  readonly remove: () => Promise<unknown>;
};

export const S = '9q8yyk' as CellId;
export const NEIGHBOUR = '9q8yym' as CellId;
const PARTS = children(S) as readonly CellId[];
const PART = PARTS[0] as CellId;
const PARTS_OF_PART = children(PART) as readonly CellId[];

export function cityMapContract(make: () => Promise<CityMap>): void {
  const rowsOf = async (map: CityMap, cells: readonly CellId[]): Promise<readonly MapRowView[]> =>
    (await map.ask({ t: 'rows', cells })).rows;
  const versionOf = async (map: CityMap, cell: CellId): Promise<number> => (await rowsOf(map, [cell]))[0]?.version ?? 0;
  const named = async (map: CityMap, cells: readonly CellId[]) =>
    Promise.all(cells.map(async (cell) => ({ cell, version: await versionOf(map, cell) })));
  const swapOf = async (map: CityMap, op: string, from: readonly CellId[], to: readonly CellId[]) =>
    ({ t: 'swap', op, city: map.city, from: await named(map, from), to, near: [NEIGHBOUR] }) as const;
  const mapRowOf = async (map: CityMap, cell: CellId): Promise<MapRow> => {
    const mapRow = await map.mapRow(cell);
    if (mapRow === undefined) throw new Error(`${cell} is not a leaf`);
    return mapRow;
  };

  it('SPLIT1 a split makes the parts leaves of one version, above all before it, and what is around knows', async () => {
    const map = await make();
    const before = Math.max(await versionOf(map, S), (await mapRowOf(map, NEIGHBOUR)).version);
    const { rows } = await map.ask(await swapOf(map, `${S}#1`, [S], PARTS));
    expect(rows).toMatchObject([{ cell: S, state: 'split', op: `${S}#1` }]);
    const parts = await rowsOf(map, PARTS);
    expect(parts.map(({ state }) => state)).toEqual(PARTS.map(() => 'leaf'));
    expect(new Set([...rows, ...parts].map(({ version }) => version)).size).toBe(1);
    expect(parts[0]?.version).toBeGreaterThan(before);
    expect(await map.mapRow(S)).toBeUndefined();
    const around = await mapRowOf(map, NEIGHBOUR);
    expect(around.version).toBe(parts[0]?.version);
    expect(around.near).toEqual(expect.arrayContaining([...PARTS]));
    expect((await mapRowOf(map, PART)).near).toEqual(expect.arrayContaining([NEIGHBOUR, PARTS[1]]));
  });

  it('SPLIT1 sent again it changes nothing, and by a version that is not that of the row nothing at all', async () => {
    const map = await make();
    const first = await swapOf(map, `${S}#1`, [S], PARTS);
    const lost = {
      ...first,
      from: [{ cell: S, version: first.from[0] === undefined ? 0 : first.from[0].version + 1 }],
    };
    expect((await map.ask(lost)).rows).toMatchObject([{ cell: S, state: 'leaf' }]);
    await map.ask(first);
    const after = await rowsOf(map, [S, ...PARTS]);
    expect((await map.ask(first)).rows).toMatchObject([{ state: 'split', op: `${S}#1` }]);
    expect(await rowsOf(map, [S, ...PARTS])).toEqual(after);
    await map.ask({ ...first, op: `${S}#2` });
    expect(await rowsOf(map, [S, ...PARTS])).toEqual(after);
  });

  it('SPLIT6 one that comes late leaves alone what others have made of its leaves since', async () => {
    const map = await make();
    const first = await swapOf(map, `${S}#1`, [S], PARTS);
    await map.ask(first);
    await map.ask(await swapOf(map, `${PART}#1`, [PART], PARTS_OF_PART));
    const after = await rowsOf(map, [S, PART, ...PARTS_OF_PART]);
    await map.ask(first);
    expect(await rowsOf(map, [S, PART, ...PARTS_OF_PART])).toEqual(after);
  });

  it('MERGE1 a merge takes all 32 or none, and the parent is a leaf again', async () => {
    const map = await make();
    await map.ask(await swapOf(map, `${S}#1`, [S], PARTS));
    const merge = await swapOf(map, `${S}#2`, PARTS, [S]);
    const stale = merge.from.map((one, i) => (i === 7 ? { ...one, version: one.version - 1 } : one));
    await map.ask({ ...merge, from: stale });
    expect((await rowsOf(map, [S]))[0]?.state).toBe('split');
    const { rows } = await map.ask(merge);
    expect(rows.map(({ state }) => state)).toEqual(PARTS.map(() => 'merged'));
    expect((await rowsOf(map, [S]))[0]).toMatchObject({ state: 'leaf', op: `${S}#2` });
    expect(await map.mapRow(PART)).toBeUndefined();
    expect((await mapRowOf(map, S)).op).toBe(`${S}#2`);
  });

  it('GONE1 GONE2 draining is in every row by which a cell is initialised, above the version before, and taken back again', async () => {
    const map = await make();
    const before = await mapRowOf(map, S);
    await map.drain();
    const draining = await mapRowOf(map, S);
    expect(draining).toMatchObject({ draining: true });
    expect(draining.version).toBeGreaterThan(before.version);
    await map.keep();
    const kept = await mapRowOf(map, S);
    expect(kept.draining ?? false).toBe(false);
    expect(kept.version).toBeGreaterThan(draining.version);
    await map.remove();
    expect(await map.mapRow(S), 'a city that does not drain is not taken away').toBeDefined();
  });

  it('GONE1 a city that is taken away has no leaf left, and no swap brings one back', async () => {
    const map = await make();
    const swap = await swapOf(map, `${S}#1`, [S], PARTS);
    await map.drain();
    await map.remove();
    expect(await map.mapRow(S)).toBeUndefined();
    expect((await rowsOf(map, [S]))[0]?.state).toBe('retired');
    await map.ask(swap);
    expect(await map.mapRow(PART)).toBeUndefined();
    expect((await rowsOf(map, [S]))[0]?.state).toBe('retired');
  });
}
