// What an isolate knows of a map of a million leaves: the parts that were asked for, each read once a minute, corrected by the primary.
import { describe, expect, it } from 'vitest';
import { MapCache, MISS_TTL_MS, MISSES_MAX, PARTS_MAX } from '../../../src/edge/map-cache.ts';
import { center, children } from '../../../src/geo/geohash.ts';
import { type EpochMs, epochMs } from '../../../src/lib/brand.ts';
import { DEFAULT_POLICY } from '../../../src/matching/policy.ts';
import type { CellId, CityId } from '../../../src/protocol/ids.ts';
import type { City, MapEntry, MapPart } from '../../../src/store/city-store.ts';
import { START } from '../support/names.ts';

const CITY = 'sf' as CityId;
const city = { id: CITY, version: 1, policy: DEFAULT_POLICY, locationHint: 'wnam' } as City;
const leaf = (cell: string, version = 1): MapEntry => ({
  cell: cell as CellId,
  city: CITY,
  state: 'leaf',
  version,
  around: 1,
});
/** All cells of six letters inside one of three: 32,768. */
const within = (prefix: string): readonly string[] =>
  children(prefix).flatMap((four) => children(four).flatMap((five) => children(five)));

/** D1 with 31 parts of 32,768 leaves each: more than a million. */
function millions() {
  const prefixes = children('9q').filter((one) => one !== '9qz');
  const reads: string[] = [];
  const split = new Map<string, readonly MapEntry[]>();
  let now: EpochMs = START;
  const parts = new Map<string, MapPart>();
  const cache = new MapCache(
    {
      part: async (prefix, { primary = false } = {}) => {
        reads.push(primary ? `${prefix} primary` : prefix);
        if (!prefixes.includes(prefix)) return { rows: [], cities: [] };
        const known = parts.get(prefix) ?? { rows: within(prefix).map((cell) => leaf(cell)), cities: [city] };
        parts.set(prefix, known);
        return { ...known, rows: [...known.rows, ...(split.get(prefix) ?? [])] };
      },
      rows: async (cells) => {
        const [prefix = ''] = cells;
        reads.push(`${cells.length} names`);
        const known = prefixes.includes(prefix) ? cells.filter((cell) => cell.length === 6) : [];
        const changed = (split.get(prefix) ?? []).filter(({ cell }) => cells.includes(cell));
        const rows = [...known.map((cell) => leaf(cell)), ...changed];
        const newest = new Map(rows.map((row) => [row.cell, { ...row, op: 'op' }]));
        return { t: 'rows', rows: [...newest.values()] };
      },
    },
    () => now,
  );
  const pass = (ms: number): void => {
    now = epochMs(now + ms);
  };
  return { cache, reads, prefixes, split, pass };
}

describe('the map of a million leaves, in one isolate', () => {
  it('EDGE2 is read by the part that a region needs, once a minute', async () => {
    const { cache, reads, prefixes, pass } = millions();
    expect(prefixes.length * 32_768).toBeGreaterThan(1_000_000);
    for (const cell of within('9q8').slice(0, 500)) {
      expect((await cache.leafOf(center(cell)))?.cell).toBe(cell);
    }
    expect(reads).toEqual(['9q8']);
    pass(61_000);
    await cache.leafOf(center('9q8yyk'));
    expect(reads).toEqual(['9q8', '9q8']);
  });

  it('SPLIT1 knows leaves of mixed length, and is corrected by what the primary says', async () => {
    const { cache, split } = millions();
    expect((await cache.leafOf(center('9q8yykq')))?.cell).toBe('9q8yyk');
    split.set('9q8', [{ ...leaf('9q8yyk', 2), state: 'split' }, ...children('9q8yyk').map((cell) => leaf(cell, 2))]);
    expect((await cache.leafOf(center('9q8yykq')))?.cell).toBe('9q8yyk');
    expect(await cache.leafOf(center('9q8yykq'), 'primary')).toMatchObject({ cell: '9q8yykq', version: 2 });
    expect((await cache.leafOf(center('9q8yym')))?.cell).toBe('9q8yym');
    expect(await cache.leaf('9q8yyk' as CellId)).toBeUndefined();
    expect(await cache.everLeaf('9q8yyk' as CellId)).toMatchObject({ cell: '9q8yyk' });
  });

  it('forgets the parts that were not used for longest, those first in which nobody is', async () => {
    const { cache, reads } = millions();
    await cache.leafOf(center('9q8yyk'));
    const others = ['0', '1', '2', '3', '4', '5', '6', '7', '8'].flatMap((one) =>
      children(one).flatMap((two) => children(two)),
    );
    for (const prefix of others.slice(0, 2 * PARTS_MAX)) await cache.leafOf(center(prefix));
    const before = reads.length;
    await cache.leafOf(center('9q8yyk'));
    expect(reads.slice(before)).toEqual([]);
    await cache.leafOf(center(others[0] ?? ''));
    expect(reads.slice(before)).toEqual([others[0]]);
  });
});

describe('EDGE8 a point where nobody is', () => {
  /** The fifth part of the south pole: no city will ever be there. */
  const NOWHERE = center('h0h0h0h');

  it('is asked of the primary by the few cells that may hold it, and not again for a moment', async () => {
    const { cache, reads, pass } = millions();
    for (let i = 0; i < 5; i++) expect(await cache.leafOf(NOWHERE, 'primary')).toBeUndefined();
    expect(reads).toEqual(['5 names']);
    pass(MISS_TTL_MS - 1);
    await cache.leafOf(NOWHERE, 'primary');
    expect(reads).toEqual(['5 names']);
    pass(1);
    await cache.leafOf(NOWHERE, 'primary');
    expect(reads).toEqual(['5 names', '5 names']);
  });

  it('EDGE2 is found as soon as this isolate has changed the map, and everywhere after a moment', async () => {
    const { cache, reads, prefixes, split, pass } = millions();
    const other = '9qz';
    const at = center('9qzzzz');
    expect(prefixes).not.toContain(other);
    const add = (): void => {
      prefixes.push(other);
      split.set(other, []);
    };
    expect(await cache.leafOf(at)).toBeUndefined();
    expect(await cache.leafOf(at, 'primary')).toBeUndefined();
    add();
    cache.expire();
    expect((await cache.leafOf(at, 'primary'))?.cell).toBe('9qzzzz');
    // From then on it is known as any other place.
    expect((await cache.leafOf(at))?.cell).toBe('9qzzzz');
    expect(reads).toEqual(['9qz', '5 names', '5 names', '9qz primary']);
    // What was known of other places is read again, once.
    await cache.leafOf(center('9q8yyk'));
    cache.expire();
    await cache.leafOf(center('9q8yyk'));
    await cache.leafOf(center('9q8yyk'));
    expect(reads.slice(4)).toEqual(['9q8', '9q8']);
    const late = millions();
    expect(await late.cache.leafOf(at, 'primary')).toBeUndefined();
    late.prefixes.push(other);
    late.pass(MISS_TTL_MS);
    expect((await late.cache.leafOf(at, 'primary'))?.cell).toBe('9qzzzz');
    pass(0);
  });

  it('is remembered, with many others, but not with all that there are', async () => {
    const { cache, reads } = millions();
    const squares = children('h0h').flatMap((four) => children(four).flatMap((five) => children(five)));
    for (const square of squares.slice(0, MISSES_MAX + 1)) await cache.leafOf(center(`${square}0`), 'primary');
    expect(reads).toHaveLength(MISSES_MAX + 1);
    await cache.leafOf(center(`${squares[MISSES_MAX]}0`), 'primary');
    expect(reads).toHaveLength(MISSES_MAX + 1);
    await cache.leafOf(center(`${squares[0]}0`), 'primary');
    expect(reads).toHaveLength(MISSES_MAX + 2);
  });
});
