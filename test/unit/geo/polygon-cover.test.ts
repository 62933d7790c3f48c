// Covers of boundaries: known counts of real cities, an independent brute force, and refusals that cost nothing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bounds } from '../../../src/geo/bounds.ts';
import { boundsOfGrid, decode, encode, fromGrid, neighbors, toGrid } from '../../../src/geo/geohash.ts';
import { type MultiPolygon, parseBoundary, polygonContains } from '../../../src/geo/polygon.ts';
import { coverPolygon } from '../../../src/geo/polygon-cover.ts';
import { hasRealData, readRealData } from './real-data.ts';

type Position = readonly [lng: number, lat: number];

function parsed(input: unknown): MultiPolygon {
  const result = parseBoundary(input);
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`);
  return result.value;
}

const multi = (...polygons: readonly (readonly (readonly Position[])[])[]): MultiPolygon =>
  parsed({ type: 'MultiPolygon', coordinates: polygons });

function cells(boundary: MultiPolygon, length: number): readonly string[] {
  const cover = coverPolygon(boundary, length, 100_000);
  if (!cover.ok) throw new Error(cover.error.detail);
  return cover.value;
}

const box = (west: number, south: number, east: number, north: number): readonly Position[] => [
  [west, south],
  [east, south],
  [east, north],
  [west, north],
];

describe('GEO4 real cities (need the real data)', () => {
  it.skipIf(!hasRealData('boundaries')).each([
    ['new_york_boroughs', 73, 1731],
    ['san_francisco_neighborhoods', 12, 261],
    ['austin_neighborhoods', 27, 510],
    ['chicago_neighborhoods', 60, 1238],
  ])('%s takes %d cells of length 5 and %d of length 6', (name, five, six) => {
    const boundary = parsed(JSON.parse(readRealData(`boundaries/${name}.geojson.gz`)));
    expect(cells(boundary, 5).length).toBe(five);
    expect(cells(boundary, 6).length).toBe(six);
    expect(new Set(cells(boundary, 6).map((cell) => cell.slice(0, 5)))).toEqual(new Set(cells(boundary, 5)));
  });
});

/** Whether a segment meets a rectangle, by clipping it (Liang and Barsky). */
function clips([x1, y1]: Position, [x2, y2]: Position, { minLat, minLng, maxLat, maxLng }: Bounds): boolean {
  let [from, to] = [0, 1];
  for (const [step, room] of [
    [x1 - x2, x1 - minLng],
    [x2 - x1, maxLng - x1],
    [y1 - y2, y1 - minLat],
    [y2 - y1, maxLat - y1],
  ] as const) {
    if (step === 0) {
      if (room < 0) return false;
    } else if (step < 0) from = Math.max(from, room / step);
    else to = Math.min(to, room / step);
  }
  return from <= to;
}

function bruteForce(
  boundary: MultiPolygon,
  rings: readonly (readonly Position[])[],
  length: number,
): readonly string[] {
  const { minLat, minLng, maxLat, maxLng } = boundary.bounds;
  const low = toGrid(encode({ lat: minLat, lng: minLng }, length));
  const high = toGrid(encode({ lat: maxLat, lng: maxLng }, length));
  const found: string[] = [];
  for (let x = Math.max(0, low.x - 1); x <= high.x + 1; x++) {
    for (let y = Math.max(0, low.y - 1); y <= high.y + 1; y++) {
      const cell = boundsOfGrid({ x, y, length });
      const corner = { lat: cell.minLat, lng: cell.minLng };
      const meets = rings.some((ring) =>
        ring.some((position, i) => clips(position, ring[(i + 1) % ring.length] as Position, cell)),
      );
      if (meets || polygonContains(boundary, corner)) found.push(fromGrid(x, y, length));
    }
  }
  return found.sort();
}

describe('GEO4 coverPolygon', () => {
  // Off the corners of the grid, where rounding decides whether an edge touches a cell.
  const off = (min: number, max: number) =>
    fc.integer({ min: min * 1e6, max: max * 1e6 }).map((n) => n / 1e6 + 1.2345e-7);
  const positionArb = fc.tuple(off(-0.5, 0.5), off(-0.5, 0.5));
  const ringArb = fc.array(positionArb, { minLength: 3, maxLength: 12 });

  it('agrees with clipping every edge at every cell, for stars, holes and overlapping polygons', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(ringArb, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 3 }),
        off(-170, 170),
        off(-80, 80),
        (shapes, lng, lat) => {
          const moved = shapes.map((rings) => rings.map((ring) => ring.map(([x, y]) => [x + lng, y + lat] as const)));
          const result = parseBoundary({ type: 'MultiPolygon', coordinates: moved });
          fc.pre(result.ok && result.value.polygons.length === shapes.length);
          if (!result.ok) return;
          fc.pre(result.value.polygons.every(({ edges }, i) => edges.length / 4 === (moved[i] ?? []).flat().length));
          expect(cells(result.value, 5)).toEqual(bruteForce(result.value, moved.flat(), 5));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('a hole as large as cells leaves them out, one inside a cell does not', () => {
    const { minLat, minLng, maxLat, maxLng } = decode('9q8yy');
    const around = box(minLng - 0.1, minLat - 0.1, maxLng + 0.1, maxLat + 0.1);
    const wide = box(minLng - 0.01, minLat - 0.01, maxLng + 0.01, maxLat + 0.01);
    const narrow = box(minLng + 0.01, minLat + 0.01, maxLng - 0.01, maxLat - 0.01);
    expect(cells(multi([around, wide]), 5)).not.toContain('9q8yy');
    expect(cells(multi([around, narrow]), 5)).toContain('9q8yy');
    expect(cells(multi([around, wide], [narrow]), 5)).toContain('9q8yy');
  });

  it('a sliver thinner than any cell is covered along its whole length', () => {
    const sliver = multi([
      [
        [10, 60],
        [11, 60.5],
        [10, 60.0001],
      ],
    ]);
    const cover = new Set(cells(sliver, 6));
    for (let t = 0; t <= 1; t += 0.001) expect(cover).toContain(encode({ lat: 60 + t / 2, lng: 10 + t }, 6));
  });

  it('edges count: the rectangle of a cell touches the eight around it', () => {
    const { minLat, minLng, maxLat, maxLng } = decode('u4xsu');
    const around = [...Object.values(neighbors('u4xsu')), 'u4xsu'].sort();
    expect(cells(multi([box(minLng, minLat, maxLng, maxLat)]), 5)).toEqual(around);
  });

  it('both sides of the antimeridian, and all of a polar cap', () => {
    const across = cells(multi([box(179.9, -17.1, 180.1, -16.9)]), 5);
    expect(across).toContain(encode({ lat: -17, lng: 179.95 }, 5));
    expect(across).toContain(encode({ lat: -17, lng: -179.95 }, 5));
    expect(across.every((cell) => Math.abs(decode(cell).minLng) > 179.5)).toBe(true);
    const written = cells(
      multi([
        [
          [179.9, -17.1],
          [-179.9, -17.1],
          [-179.9, -16.9],
          [179.9, -16.9],
        ],
      ]),
      5,
    );
    expect(written).toEqual(across);
    const cap = cells(
      multi([
        [
          [-120, 88],
          [0, 88],
          [120, 88],
        ],
      ]),
      3,
    );
    for (let lng = -180; lng <= 180; lng += 0.5) expect(cap).toContain(encode({ lat: 89.9, lng }, 3));
  });

  it('the world is every cell', () => {
    expect(cells(multi([box(-180, -90, 180, 90)]), 3).length).toBe(32_768);
  });

  it('counts up to the limit: at the limit it lists, above it refuses and says what fits', () => {
    const town = multi([box(10.6, 59.8, 10.9, 60)]);
    const count = cells(town, 6).length;
    expect(coverPolygon(town, 6, count).ok).toBe(true);
    const refused = coverPolygon(town, 6, count - 1);
    const fits = { length: 5, count: cells(town, 5).length };
    expect(refused).toMatchObject({ ok: false, error: { code: 'too_many_cells', length: 6, limit: count - 1, fits } });
    if (!refused.ok) expect(refused.error.count).toBeGreaterThanOrEqual(count);
  });

  it('refuses a continent at length 7 without listing it', () => {
    const coast = Array.from({ length: 20_000 }, (_, i): Position => {
      const turn = (i / 20_000) * 2 * Math.PI;
      return [15 + (25 + (i % 2)) * Math.cos(turn), 50 + (15 + (i % 3) / 5) * Math.sin(turn)];
    });
    const started = performance.now();
    const refused = coverPolygon(multi([coast]), 7, 50_000);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(refused).toMatchObject({ ok: false, error: { code: 'too_many_cells', fits: { length: 4 } } });
    if (refused.ok) return;
    // An ellipse of 25.5° by 15.2°, in cells of 0.00137° squared.
    const cellsExpected = (Math.PI * 25.5 * 15.2) / (360 / 2 ** 18) ** 2;
    expect(refused.error.count / cellsExpected).toBeGreaterThan(0.8);
    expect(refused.error.count / cellsExpected).toBeLessThan(1.25);
    expect(refused.error.detail).toMatch(
      /^the boundary needs about \d+ cells of length 7, and 50000 is the most: use length 4/,
    );
  });

  it('a limit that not even the coarsest cells keep is refused without a suggestion', () => {
    const refused = coverPolygon(multi([box(-180, -90, 180, 90)]), 5, 10);
    expect(refused).toMatchObject({ ok: false, error: { code: 'too_many_cells', limit: 10 } });
    if (!refused.ok) expect(refused.error.fits).toBeUndefined();
  });
});
