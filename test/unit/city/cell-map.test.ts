// The cell map in memory: the right leaf for any place, parts that come and go, rows in odd states.
import { describe, expect, it } from 'vitest';
import { CellMap, type CellRow, prefix3 } from '../../../src/city/cell-map.ts';
import { coverCircle, coverCircleAtLength } from '../../../src/geo/cover.ts';
import { children, encode } from '../../../src/geo/geohash.ts';
import { prng } from '../../../src/lib/prng.ts';
import { randomLeaves, rootsAround } from '../geo/leaves.ts';

const row = (cell: string, state = 'leaf', version = 1): CellRow => ({ cell, city: 'sf', state, version });
const point = { lat: 37.7749, lng: -122.4194 }; // 9q8yyk8

describe('CellMap', () => {
  it('finds the leaf of a point and of a geohash among mixed lengths', () => {
    const middle = { lat: 59.9, lng: 10.7 };
    const random = prng(21);
    const leaves = randomLeaves(random, rootsAround(middle), 4000);
    const map = CellMap.of([...leaves].map((cell) => row(cell)));
    expect(map.leafCount).toBe(leaves.size);
    for (let i = 0; i < 5000; i++) {
      const place = { lat: middle.lat + 5 * random.unit() - 2.5, lng: middle.lng + 8 * random.unit() - 4 };
      const hash = encode(place, 3 + random.below(7));
      const found = [3, 4, 5, 6, 7].map((length) => encode(place, length)).find((cell) => leaves.has(cell));
      expect(map.leafOf(place)?.cell).toBe(found);
      expect(map.leafCovering(hash)?.cell).toBe(found !== undefined && hash.startsWith(found) ? found : undefined);
    }
  });

  it('a geohash shorter than the leaves inside it is covered by none', () => {
    const map = CellMap.of(children('9q8y').map((cell) => row(cell)));
    expect(map.leafCovering('9q8y')).toBeUndefined();
    expect(map.leafCovering('9q8')).toBeUndefined();
    expect(map.leafCovering('9q8yy')?.cell).toBe('9q8yy');
    expect(map.leafCovering('9q8yyk8ytpxr')?.cell).toBe('9q8yy');
  });

  it('OWN2: only leaves own a place: after a split the children do, and the old row still says its version', () => {
    const map = CellMap.of([row('9q8yy', 'retired', 2), ...children('9q8yy').map((cell) => row(cell, 'leaf', 2))]);
    expect(map.leafOf(point)?.cell).toBe('9q8yyk');
    expect(map.leafCount).toBe(32);
    expect(map.rowOf('9q8yy')).toMatchObject({ state: 'retired', version: 2 });
    expect(map.rowOf('9q8yz')).toBeUndefined();
  });

  it.each(['split', 'merged', 'retired'])('OWN2: a place whose only row is %s has no leaf', (state) => {
    const map = CellMap.of([row('9q8yy', state, 3), row('9q8yz')]);
    expect([map.leafOf(point), map.leafCovering('9q8yyk'), map.leafCount]).toEqual([undefined, undefined, 1]);
    expect(map.rowOf('9q8yy')?.state).toBe(state);
  });

  it('OWN2: of rows that contradict each other the higher version counts, and no two leaves overlap', () => {
    const stale = [row('9q8yy', 'leaf', 1), row('9q8yy', 'retired', 2), row('9q8yyk', 'leaf', 2)];
    for (const rows of [stale, stale.toReversed()]) {
      const map = CellMap.of(rows);
      expect(map.leafOf(point)?.cell).toBe('9q8yyk');
      expect(map.rowOf('9q8yy')).toMatchObject({ state: 'retired', version: 2 });
      expect(map.leafCovering('9q8yy')).toBeUndefined();
    }
    for (const version of [1, 2]) {
      const torn = [row('9q8yy', 'leaf', version), ...children('9q8yy').map((cell) => row(cell, 'leaf', 2))];
      expect(CellMap.of(torn).leafCount, `the parent at version ${version}`).toBe(32);
    }
    const merged = [row('9q8yy', 'leaf', 3), ...children('9q8yy').map((cell) => row(cell, 'leaf', 2))];
    expect(CellMap.of(merged).leafOf(point)?.cell).toBe('9q8yy');
    expect(CellMap.of(merged).leafCount).toBe(1);
  });

  it('keeps, replaces and drops parts; an empty part is known to be empty', () => {
    const map = new CellMap();
    expect(map.hasPart('9q8')).toBe(false);
    expect(map.leafOf(point)).toBeUndefined();
    map.setPart('9q8', [row('9q8yy')]);
    map.setPart('u4x', []);
    expect([map.hasPart('9q8'), map.hasPart('u4x'), map.hasPart('9q9')]).toEqual([true, true, false]);
    expect(map.leafOf(point)?.cell).toBe('9q8yy');
    map.setPart('9q8', [row('9q8yz'), row('9q8yw')]);
    expect(map.leafOf(point)).toBeUndefined();
    expect(map.leafCount).toBe(2);
    map.dropPart('9q8');
    expect([map.hasPart('9q8'), map.leafCount]).toEqual([false, 0]);
    map.dropPart('9q8');
    expect([map.hasPart('9q8'), map.leafCount]).toEqual([false, 0]);
    expect(map.rowOf('9q8yz')).toBeUndefined();
    expect(map.leafCovering('9q8yz')).toBeUndefined();
  });

  it('serves covers, and a cover of length 3 names the parts that one needs', () => {
    const leaves = randomLeaves(prng(5), rootsAround(point), 1000);
    const whole = CellMap.of([...leaves].map((cell) => row(cell)));
    const parts = new CellMap();
    for (const { cell } of coverCircleAtLength(point, 50_000, 3)) {
      parts.setPart(
        cell,
        [...leaves].filter((leaf) => prefix3(leaf) === cell).map((leaf) => row(leaf)),
      );
    }
    expect(coverCircle(point, 50_000, parts)).toEqual(coverCircle(point, 50_000, whole));
    expect(coverCircle(point, 50_000, parts)).toEqual(coverCircle(point, 50_000, leaves));
  });

  it('returns the very rows that it was given', () => {
    const given = { ...row('9q8yy'), op: 'rollout-1' };
    expect(CellMap.of([given]).leafOf(point)).toBe(given);
  });

  it('refuses rows and geohashes that do not belong', () => {
    const map = new CellMap();
    expect(() => map.setPart('9q8', [row('9q9yy')])).toThrow('"9q9yy" is not a cell of 3 to 7 characters in "9q8"');
    expect(() => map.setPart('9q8', [row('9q8yyk8y')])).toThrow('is not a cell of 3 to 7 characters');
    expect(() => map.setPart('9q', [])).toThrow('"9q" is not a geohash of 3 to 12 characters');
    expect(() => CellMap.of([row('moon')])).toThrow(RangeError);
    expect(() => map.leafCovering('9q')).toThrow('"9q" is not a geohash of 3 to 12 characters');
    expect(() => map.leafOf({ lat: Number.NaN, lng: 0 })).toThrow('lat must be a number from -90 to 90, got NaN');
  });
});
