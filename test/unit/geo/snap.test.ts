// PRIV1 rests on these: whatever the input, only points of the grid and radii of the list come out.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distanceM } from '../../../src/geo/distance.ts';
import { encode } from '../../../src/geo/geohash.ts';
import { snap, snapRadius } from '../../../src/geo/snap.ts';
import { pointArb } from './arbitraries.ts';

const lengthArb = fc.integer({ min: 1, max: 12 });

describe('GEO3 snap', () => {
  it('PRIV1: keeps the geohash up to the length of the grid, and nothing finer', () => {
    fc.assert(
      fc.property(pointArb, pointArb, lengthArb, lengthArb, (a, b, grid, cell) => {
        const snapped = snap(a, grid);
        if (cell <= grid) expect(encode(snapped, cell)).toBe(encode(a, cell));
        if (encode(a, grid) === encode(b, grid)) expect(snap(b, grid)).toEqual(snapped);
      }),
    );
  });

  it('PRIV1: all points of one grid cell become one point', () => {
    expect(snap({ lat: 37.77491, lng: -122.41941 }, 7)).toEqual(snap({ lat: 37.77459, lng: -122.41935 }, 7));
  });

  it('is idempotent', () => {
    fc.assert(
      fc.property(pointArb, lengthArb, (p, grid) => {
        const once = snap(p, grid);
        expect(snap(once, grid)).toEqual(once);
      }),
    );
  });

  it('moves a point by at most half of a cell diagonal: 109 m at length 7', () => {
    fc.assert(fc.property(pointArb, (p) => distanceM(p, snap(p, 7)) <= 109));
  });

  it('refuses what is no point', () => {
    expect(() => snap({ lat: Number.NaN, lng: 0 }, 7)).toThrow(RangeError);
  });
});

describe('snapRadius', () => {
  const steps = [300, 600, 1200, 5000];

  it.each([
    [0, 300],
    [300, 300],
    [300.001, 600],
    [1199, 1200],
    [5000, 5000],
    [5001, 5000],
    [Number.POSITIVE_INFINITY, 5000],
  ])('takes %d m to %d m', (radius, step) => {
    expect(snapRadius(radius, steps)).toBe(step);
  });

  it('refuses bad radii and bad steps', () => {
    expect(() => snapRadius(Number.NaN, steps)).toThrow('a radius must be a number of metres from 0, got NaN');
    expect(() => snapRadius(-1, steps)).toThrow('a radius must be a number of metres from 0, got -1');
    expect(() => snapRadius(1, [])).toThrow('a radius needs at least one step');
    expect(() => snapRadius(1, [300, 300])).toThrow('radius steps must be above 0 and rise, got 300, 300');
    expect(() => snapRadius(1, [0, 300])).toThrow('radius steps must be above 0 and rise, got 0, 300');
  });
});
