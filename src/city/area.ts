// How much ground cells cover, and how much a boundary holds.
import { EARTH_RADIUS_M } from '../geo/distance.ts';
import { decode } from '../geo/geohash.ts';
import type { MultiPolygon } from '../geo/polygon.ts';

/** Square kilometres on the sphere; cells must not overlap. Throws RangeError for what is no geohash. */
export function areaKm2(cells: Iterable<string>): number {
  const radians = Math.PI / 180;
  let share = 0;
  for (const cell of cells) {
    const { minLat, maxLat, minLng, maxLng } = decode(cell);
    share += (Math.sin(maxLat * radians) - Math.sin(minLat * radians)) * (maxLng - minLng) * radians;
  }
  return share * (EARTH_RADIUS_M / 1000) ** 2;
}

/**
 * Square kilometres on the sphere of what a boundary holds. Holes are taken off by the rule of even and odd: each ring counts against the one
 * that it lies in. Where polygons overlap, or a ring crosses itself, it is an estimate.
 */
export function boundaryKm2({ polygons }: MultiPolygon): number {
  const radians = Math.PI / 180;
  let share = 0;
  for (const { edges } of polygons) {
    let outer = 0;
    let inner = 0;
    let ring = 0;
    let start = 0;
    for (let i = 0; i < edges.length; i += 4) {
      const [lng1, lat1, lng2, lat2] = edges.subarray(i, i + 4) as unknown as [number, number, number, number];
      ring += (lng2 - lng1) * radians * (2 + Math.sin(lat1 * radians) + Math.sin(lat2 * radians));
      if (lng2 !== edges[start] || lat2 !== edges[start + 1]) continue;
      // The ring is closed: the first is the outer one.
      if (start === 0) outer = Math.abs(ring);
      else inner += Math.abs(ring);
      ring = 0;
      start = i + 4;
    }
    share += Math.max(0, outer - inner) / 2;
  }
  return share * (EARTH_RADIUS_M / 1000) ** 2;
}
