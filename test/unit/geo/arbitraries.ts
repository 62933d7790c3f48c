// Random places and cells for property tests.
import fc from 'fast-check';
import type { Bounds } from '../../../src/geo/bounds.ts';
import type { Point } from '../../../src/geo/point.ts';

export const latArb = fc.double({ min: -90, max: 90, noNaN: true });
export const lngArb = fc.double({ min: -180, max: 180, noNaN: true });

/** Any point of the globe, edges of the grid, poles and the antimeridian included. */
export const pointArb: fc.Arbitrary<Point> = fc.record({
  lat: fc.oneof(latArb, fc.constantFrom(-90, -45, 0, 60, 89.999, 90)),
  lng: fc.oneof(lngArb, fc.constantFrom(-180, -179.999, 0, 45, 179.999, 180)),
});

export function hashArb(minLength: number, maxLength: number): fc.Arbitrary<string> {
  const letters = [...'0123456789bcdefghjkmnpqrstuvwxyz'];
  return fc.string({ unit: fc.constantFrom(...letters), minLength, maxLength });
}

/** A fraction in [0, 1], its ends often. */
export const fractionArb = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.5, 1));

export function pointIn(bounds: Bounds, across: number, up: number): Point {
  const lat = Math.min(bounds.maxLat, bounds.minLat + up * (bounds.maxLat - bounds.minLat));
  const lng = Math.min(bounds.maxLng, bounds.minLng + across * (bounds.maxLng - bounds.minLng));
  return { lat, lng: lng > 180 ? lng - 360 : lng };
}
