// The circle around a cell: it holds the whole cell, and none smaller does.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distanceM } from '../../../src/geo/distance.ts';
import { center, decode } from '../../../src/geo/geohash.ts';
import { outerRadiusM } from '../../../src/geo/outer-radius.ts';
import { fractionArb, hashArb, pointIn } from './arbitraries.ts';

describe('outerRadiusM', () => {
  it('is the distance to the farthest corner, on either side of the equator and up to the poles', () => {
    fc.assert(
      fc.property(hashArb(1, 9), (hash) => {
        const { minLat, maxLat, minLng, maxLng } = decode(hash);
        const corners = [minLat, maxLat].flatMap((lat) =>
          [minLng, maxLng].map((lng) => distanceM(center(hash), { lat, lng })),
        );
        expect(outerRadiusM(hash)).toBeCloseTo(Math.max(...corners), 6);
      }),
    );
  });

  it('holds every point of the cell', () => {
    fc.assert(
      fc.property(hashArb(1, 9), fractionArb, fractionArb, (hash, across, up) => {
        const point = pointIn(decode(hash), across, up);
        expect(distanceM(center(hash), point)).toBeLessThanOrEqual(outerRadiusM(hash) + 1e-6);
      }),
    );
  });

  it('refuses what is not a geohash', () => {
    expect(() => outerRadiusM('9q8ya')).toThrow(RangeError);
  });
});
