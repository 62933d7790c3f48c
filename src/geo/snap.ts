// Privacy: points on a grid and radii in steps, so that nothing finer ever enters the system.

import { center, encode } from './geohash.ts';
import type { Point } from './point.ts';

/**
 * The centre of the geohash of `gridLength` characters that holds the point (7: about 153 m × 153 m at the equator). The
 * geohash is kept, so cells of up to that length are too; snapping again changes nothing. Throws RangeError as `encode` does.
 */
export function snap(point: Point, gridLength: number): Point {
  return center(encode(point, gridLength));
}

/**
 * The smallest step that is at least the radius; the last step caps it, so the first is also the smallest result.
 * @param stepsM in metres, in ascending order
 * @throws RangeError for NaN, a negative radius, and steps that are empty or not ascending
 */
export function snapRadius(radiusM: number, stepsM: readonly number[]): number {
  if (!(radiusM >= 0)) throw new RangeError(`a radius must be a number of metres from 0, got ${radiusM}`);
  const last = stepsM.at(-1);
  if (last === undefined) throw new RangeError('a radius needs at least one step');
  let below = 0;
  for (const step of stepsM) {
    if (!(step > below)) throw new RangeError(`radius steps must be above 0 and rise, got ${stepsM.join(', ')}`);
    below = step;
  }
  return stepsM.find((step) => step >= radiusM) ?? last;
}
