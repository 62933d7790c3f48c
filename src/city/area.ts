// How much ground cells cover.
import { EARTH_RADIUS_M } from '../geo/distance.ts';
import { decode } from '../geo/geohash.ts';

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
