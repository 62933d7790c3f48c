// Distances against known ones, and the lower bound against everything that it must not exceed.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bounds } from '../../../src/geo/bounds.ts';
import { degreesBox, distanceM, EARTH_RADIUS_M, inBox, minDistanceToBoundsM } from '../../../src/geo/distance.ts';
import { decode } from '../../../src/geo/geohash.ts';
import type { Point } from '../../../src/geo/point.ts';
import { fractionArb, hashArb, latArb, lngArb, pointArb, pointIn } from './arbitraries.ts';

const HALF_ROUND_M = Math.PI * EARTH_RADIUS_M;
const at = (lat: number, lng: number): Point => ({ lat, lng });

/** By the angle between vectors, an independent formula that is good at any distance. */
function byVectors(a: Point, b: Point): number {
  const [u, v] = [a, b].map(({ lat, lng }) => {
    const [phi, lambda] = [(lat * Math.PI) / 180, (lng * Math.PI) / 180];
    return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)] as const;
  }) as unknown as [readonly [number, number, number], readonly [number, number, number]];
  const cross = Math.hypot(u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]);
  return EARTH_RADIUS_M * Math.atan2(cross, u[0] * v[0] + u[1] * v[1] + u[2] * v[2]);
}

const cellArb = hashArb(1, 9).map(decode);
/** Rectangles of any size, also across the antimeridian (maxLng above 180). */
const wideArb: fc.Arbitrary<Bounds> = fc
  .record({ a: latArb, b: latArb, minLng: lngArb, width: fc.double({ min: 0, max: 359, noNaN: true }) })
  .map(({ a, b, minLng, width }) => ({
    minLat: Math.min(a, b),
    maxLat: Math.max(a, b),
    minLng,
    maxLng: minLng + width,
  }));

describe('distanceM', () => {
  it('knows a quarter and a half of the globe, and nothing', () => {
    expect(distanceM(at(0, 0), at(0, 90))).toBeCloseTo(HALF_ROUND_M / 2, 6);
    expect(distanceM(at(0, 0), at(0, 180))).toBeCloseTo(HALF_ROUND_M, 6);
    expect(distanceM(at(90, 10), at(-90, 77))).toBeCloseTo(HALF_ROUND_M, 6);
    expect(distanceM(at(12, 34), at(12, 34))).toBe(0);
    expect(distanceM(at(10, 180), at(10, -180))).toBeLessThan(1e-6);
    expect(distanceM(at(90, 0), at(90, 123))).toBeLessThan(1e-6);
  });

  it('knows San Francisco to New York (4,129 km on the sphere)', () => {
    expect(distanceM(at(37.7749, -122.4194), at(40.7128, -74.006)) / 1000).toBeCloseTo(4129.1, 0);
  });

  it('agrees with the angle between vectors at any distance, antipodes included, and is symmetric', () => {
    fc.assert(
      fc.property(pointArb, pointArb, (a, b) => {
        expect(Math.abs(distanceM(a, b) - byVectors(a, b))).toBeLessThan(1e-6);
        expect(distanceM(a, b)).toBe(distanceM(b, a));
        const opposite = at(-a.lat, a.lng > 0 ? a.lng - 180 : a.lng + 180);
        expect(Math.abs(distanceM(a, opposite) - HALF_ROUND_M)).toBeLessThan(1e-6);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('minDistanceToBoundsM', () => {
  it('is 0 inside and on the edge', () => {
    expect(minDistanceToBoundsM(at(37.77, -122.42), decode('9q8yy'))).toBe(0);
    expect(minDistanceToBoundsM(at(5, 180), { minLat: 0, minLng: -180, maxLat: 10, maxLng: -170 })).toBe(0);
    expect(minDistanceToBoundsM(at(5, -175), { minLat: 0, minLng: 170, maxLat: 10, maxLng: 190 })).toBe(0);
    expect(minDistanceToBoundsM(at(5, 5), { minLat: 0, minLng: 10, maxLat: 10, maxLng: 375 })).toBe(0);
    expect(minDistanceToBoundsM(at(90, 0), { minLat: 80, minLng: 90, maxLat: 90, maxLng: 100 })).toBeLessThan(1e-6);
  });

  it('goes the short way over the antimeridian and over a pole', () => {
    const east = { minLat: -1, minLng: 179, maxLat: 1, maxLng: 180 };
    expect(minDistanceToBoundsM(at(0, -179), east)).toBeCloseTo(distanceM(at(0, -179), at(0, 180)), 4);
    const beyond = { minLat: 85, minLng: 170, maxLat: 86, maxLng: 180 };
    expect(minDistanceToBoundsM(at(88, 0), beyond)).toBeCloseTo(distanceM(at(88, 0), at(86, 170)), 4);
  });

  it('at 60° north the nearest point of a meridian edge is not at the same latitude', () => {
    const wall = { minLat: 0, minLng: 60, maxLat: 89, maxLng: 61 };
    const found = minDistanceToBoundsM(at(60, 0), wall);
    expect(found).toBeLessThan(distanceM(at(60, 0), at(60, 60)) - 100_000);
  });

  it('never exceeds the distance to a point of the rectangle', () => {
    for (const boundsArb of [cellArb, wideArb]) {
      fc.assert(
        fc.property(pointArb, boundsArb, fractionArb, fractionArb, (p, bounds, across, up) => {
          const q = pointIn(bounds, across, up);
          expect(minDistanceToBoundsM(p, bounds)).toBeLessThanOrEqual(distanceM(p, q));
        }),
        { numRuns: 3000 },
      );
    }
  });

  it('is reached: a search along the edges comes within a millimetre', () => {
    fc.assert(
      fc.property(pointArb, fc.oneof(cellArb, wideArb), (p, bounds) => {
        const bound = minDistanceToBoundsM(p, bounds);
        fc.pre(bound > 0);
        const edges = [0, 1].flatMap((end) => [
          smallest((t) => distanceM(p, pointIn(bounds, end, t))),
          smallest((t) => distanceM(p, pointIn(bounds, t, end))),
        ]);
        expect(Math.min(...edges) - bound).toBeLessThan(0.001);
      }),
      { numRuns: 300 },
    );
  });
});

/** The smallest value over [0, 1] of a function with few valleys: a coarse look, then narrowing. */
function smallest(f: (t: number) => number): number {
  const steps = 64;
  let best = 0;
  for (let i = 1; i <= steps; i++) if (f(i / steps) < f(best / steps)) best = i;
  let low = Math.max(0, best - 1) / steps;
  let high = Math.min(steps, best + 1) / steps;
  for (let i = 0; i < 90; i++) {
    const [a, b] = [low + (high - low) / 3, high - (high - low) / 3];
    if (f(a) < f(b)) high = b;
    else low = a;
  }
  return Math.min(f(low), f(0), f(1));
}

describe('degreesBox', () => {
  it('holds every point of the circle', () => {
    const radiusArb = fc.oneof(
      fc.double({ min: 0, max: 50_000, noNaN: true }),
      fc.double({ min: 0, max: 2.1e7, noNaN: true }),
    );
    fc.assert(
      fc.property(pointArb, radiusArb, fractionArb, fractionArb, (p, radiusM, turn, reach) => {
        const q = destination(p, 2 * Math.PI * turn, radiusM * reach);
        fc.pre(distanceM(p, q) <= radiusM);
        expect(inBox(degreesBox(p, radiusM), q.lat, q.lng)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('is tight at 60° north', () => {
    const box = degreesBox(at(60, 10), 1000);
    expect(box.maxLat - 60).toBeCloseTo(0.008993, 5);
    expect(box.maxLng - 10).toBeCloseTo(0.017987, 5);
    expect(inBox(box, 60, 10.02)).toBe(false);
  });

  it('reaches over the antimeridian and round a pole', () => {
    expect(inBox(degreesBox(at(0, 179.999), 1000), 0, -179.999)).toBe(true);
    expect(inBox(degreesBox(at(0, -179.999), 1000), 0, 179.999)).toBe(true);
    expect(inBox(degreesBox(at(89.999, 0), 1000), 89.999, 180)).toBe(true);
    expect(inBox(degreesBox(at(0, 179.999), 1000), 0, 179.9)).toBe(false);
  });
});

/** Where one gets to from a point, at a bearing in radians, after a distance. */
function destination({ lat, lng }: Point, bearing: number, metres: number): Point {
  const phi = (lat * Math.PI) / 180;
  const arc = metres / EARTH_RADIUS_M;
  const sin = Math.sin(phi) * Math.cos(arc) + Math.cos(phi) * Math.sin(arc) * Math.cos(bearing);
  const phi2 = Math.asin(Math.max(-1, Math.min(1, sin)));
  const turn = Math.atan2(Math.sin(bearing) * Math.sin(arc) * Math.cos(phi), Math.cos(arc) - Math.sin(phi) * sin);
  const turned = lng + (turn * 180) / Math.PI;
  return { lat: (phi2 * 180) / Math.PI, lng: turned > 180 ? turned - 360 : turned < -180 ? turned + 360 : turned };
}
