// Covers of circles against looking at every leaf, where latitude and longitude make it hard.
import { describe, expect, it } from 'vitest';
import { coverCircle, coverCircleAtLength, coverCircleWithin } from '../../../src/geo/cover.ts';
import { distanceM, minDistanceToBoundsM } from '../../../src/geo/distance.ts';
import { center, decode, encode, neighbors } from '../../../src/geo/geohash.ts';
import { leafIndex } from '../../../src/geo/leaf-index.ts';
import { outerRadiusM } from '../../../src/geo/outer-radius.ts';
import type { Point } from '../../../src/geo/point.ts';
import { shifted } from '../../../src/geo/shifted.ts';
import { type Prng, prng } from '../../../src/lib/prng.ts';
import { randomLeaves, rootsAround } from './leaves.ts';

const PLACES: readonly (readonly [name: string, middle: Point])[] = [
  ['San Francisco', { lat: 37.77, lng: -122.42 }],
  ['Oslo, 60° north', { lat: 59.91, lng: 10.75 }],
  ['the equator', { lat: 0, lng: 0 }],
  ['the antimeridian', { lat: -17, lng: 180 }],
  ['the antimeridian at 68° north', { lat: 68, lng: -179.99 }],
  ['the north pole', { lat: 89.8, lng: 40 }],
  ['the south pole', { lat: -90, lng: -75 }],
];

function near(random: Prng, { lat, lng }: Point): Point {
  const turned = lng + 2 * random.unit() - 1;
  return {
    lat: Math.max(-90, Math.min(90, lat + 2 * random.unit() - 1)),
    lng: turned > 180 ? turned - 360 : turned < -180 ? turned + 360 : turned,
  };
}

describe('GEO2 coverCircle', () => {
  it.each(PLACES)('returns exactly the leaves within the radius, nearest first: %s', (_, middle) => {
    const random = prng(11);
    const leaves = randomLeaves(random, rootsAround(middle), 2000);
    const index = leafIndex(leaves);
    for (let i = 0; i < 40; i++) {
      const center = near(random, middle);
      const radiusM = [0, 150, 2000, 20_000, 200_000][i % 5] as number;
      const brute = [...leaves]
        .map((cell) => ({ cell, distanceM: minDistanceToBoundsM(center, decode(cell)) }))
        .filter((cell) => cell.distanceM <= radiusM)
        .sort((a, b) => a.distanceM - b.distanceM || (a.cell < b.cell ? -1 : 1));
      expect(coverCircle(center, radiusM, index)).toEqual(brute);
    }
  });

  it('misses nobody: the leaf of every point in the circle is in the cover', () => {
    for (const [, middle] of PLACES) {
      const random = prng(12);
      const leaves = randomLeaves(random, rootsAround(middle), 1000);
      const index = leafIndex(leaves);
      const center = near(random, middle);
      const covered = new Set(coverCircle(center, 60_000, index).map(({ cell }) => cell));
      for (let i = 0; i < 500; i++) {
        const point = near(random, middle);
        if (distanceM(center, point) > 60_000) continue;
        const hash = encode(point, 7);
        const leaf = [3, 4, 5, 6, 7].map((length) => hash.slice(0, length)).find((cell) => leaves.has(cell));
        if (leaf !== undefined) expect(covered).toContain(leaf);
      }
    }
  });

  it('takes a set as well, and finds nothing where nothing is', () => {
    const leaves = new Set(['9q8yy', '9q8yz', '9q8zn']);
    expect(coverCircle({ lat: 37.77, lng: -122.42 }, 1000, leaves).map(({ cell }) => cell)).toEqual(['9q8yy']);
    expect(coverCircle({ lat: 0, lng: 0 }, 1000, leaves)).toEqual([]);
    expect(coverCircle({ lat: 0, lng: 0 }, 1000, new Set())).toEqual([]);
  });

  it('a radius as large as the globe takes every leaf', () => {
    const leaves = randomLeaves(prng(3), rootsAround({ lat: 10, lng: 170 }), 500);
    expect(coverCircle({ lat: -30, lng: -20 }, 2.1e7, leaves).length).toBe(leaves.size);
  });

  it('refuses bad circles', () => {
    const none = new Set<string>();
    expect(() => coverCircle({ lat: 95, lng: 0 }, 10, none)).toThrow('lat must be a number from -90 to 90, got 95');
    for (const radius of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      expect(() => coverCircle({ lat: 0, lng: 0 }, radius, none)).toThrow(
        `a radius must be a number of metres from 0, got ${radius}`,
      );
    }
  });
});

describe('GEO2 coverCircleAtLength', () => {
  it.each(PLACES)('returns exactly the cells within the radius: %s', (_, middle) => {
    const random = prng(13);
    for (let i = 0; i < 12; i++) {
      const center = near(random, middle);
      const length = 3 + (i % 3);
      const radiusM = [100_000, 30_000, 8000][i % 3] as number;
      const found = coverCircleAtLength(center, radiusM, length);
      const cells = new Set(found.map(({ cell }) => cell));
      expect(cells.size).toBe(found.length);
      expect(found[0]).toMatchObject({ distanceM: 0 });
      // Cells in a circle hang together: whoever is within the radius is found by walking from cell to cell.
      expect([...cells].sort()).toEqual([...flood(center, radiusM, length)].sort());
    }
  });

  it('at 60° north a circle of 3 km needs more than the ring of neighbours at length 6', () => {
    const center = { lat: 60, lng: 10.75 };
    const ring = new Set([encode(center, 6), ...Object.values(neighbors(encode(center, 6)))]);
    expect(coverCircleAtLength(center, 3000, 6).some(({ cell }) => !ring.has(cell))).toBe(true);
  });

  it('a radius of 0 in the corner of four cells touches all four', () => {
    const { minLat, minLng } = decode('9q8yy');
    const { w, s, sw } = neighbors('9q8yy');
    const found = coverCircleAtLength({ lat: minLat, lng: minLng }, 0, 5).map(({ cell }) => cell);
    expect(found).toEqual(['9q8yy', w, s, sw].sort());
  });

  it('refuses a cover that is too large instead of listing it', () => {
    expect(() => coverCircleAtLength({ lat: 40, lng: 0 }, 1_000_000, 7)).toThrow('use a shorter length');
    expect(() => coverCircleAtLength({ lat: 90, lng: 0 }, 2e7, 12)).toThrow('use a shorter length');
    expect(() => coverCircleAtLength({ lat: 40, lng: 0 }, 100, 0)).toThrow(RangeError);
  });
});

function flood(center: Point, radiusM: number, length: number): ReadonlySet<string> {
  const seen = new Set<string>();
  // At a pole all cells of the last row meet, and neighbours alone do not lead across.
  const starts = Math.abs(center.lat) > 88 ? polarRow(center.lat > 0 ? 90 : -90, length) : [];
  const open = [encode(center, length), ...starts];
  for (let cell = open.pop(); cell !== undefined; cell = open.pop()) {
    if (seen.has(cell) || minDistanceToBoundsM(center, decode(cell)) > radiusM) continue;
    seen.add(cell);
    open.push(...Object.values(neighbors(cell)).filter((next) => next !== undefined));
  }
  return seen;
}

function polarRow(lat: number, length: number): readonly string[] {
  const row = [encode({ lat, lng: -180 }, length)];
  for (let { e } = neighbors(row[0] as string); e !== row[0]; e = neighbors(e).e) row.push(e);
  return row;
}

describe('GEO2 coverCircleWithin', () => {
  const LATITUDES = [0, 60, 78, 85, 89.9, 90].flatMap((lat) => [lat, -lat]);

  it.each(LATITUDES.flatMap((lat) => [3, 4, 5, 6, 7].map((length) => [lat, length] as const)))(
    'at %d°, around a cell of %i letters, is every square that the circle touches, and no more than fit',
    (lat, length) => {
      for (const lng of [0, 179.999, -180]) {
        const cell = encode({ lat, lng }, length);
        const middle = center(cell);
        const reachM = outerRadiusM(cell) + 8120;
        const found = coverCircleWithin(middle, reachM, 6, 2000);
        expect(found.cells.length).toBeLessThanOrEqual(2000);
        expect(found.cells).toEqual(coverCircleAtLength(middle, reachM, found.length));
        const names = new Set(found.cells.map((square) => square.cell));
        // Whatever the direction, a point that the cell reaches lies in one of them.
        for (let turn = 0; turn < 16; turn++) {
          const angle = (turn * Math.PI) / 8;
          const to = shifted(middle, 0.99 * reachM * Math.cos(angle), 0.99 * reachM * Math.sin(angle));
          const at = { lat: to.lat, lng: to.lng > 180 ? to.lng - 360 : to.lng < -180 ? to.lng + 360 : to.lng };
          if (Math.abs(at.lat) > 90 || Math.abs(at.lng) > 180 || distanceM(middle, at) > reachM) continue;
          expect(names.has(encode(at, found.length)), JSON.stringify(at)).toBe(true);
        }
      }
    },
  );

  it('takes the longest names that fit', () => {
    expect(coverCircleWithin({ lat: 37.77, lng: -122.42 }, 10_000, 6, 2000).length).toBe(6);
    expect(coverCircleWithin({ lat: 90, lng: 0 }, 10_000, 6, 2000).length).toBeLessThanOrEqual(4);
  });
});
