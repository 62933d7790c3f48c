// A rectangle of latitudes and longitudes, edges included, in degrees. One that crosses the antimeridian has maxLng above 180.

import type { Point } from './point.ts';

export type Bounds = {
  readonly minLat: number;
  readonly minLng: number;
  readonly maxLat: number;
  readonly maxLng: number;
};

/** True when the point lies in the bounds or on their edge, whichever turn of the globe their longitudes are written in. */
export function boundsContain(bounds: Bounds, point: Point): boolean {
  return (
    point.lat >= bounds.minLat && point.lat <= bounds.maxLat && lngGap(point.lng, bounds.minLng, bounds.maxLng) === 0
  );
}

/** Degrees of longitude from a meridian to the interval that runs east from `minLng` to `maxLng`: 0 inside, at most 180. */
export function lngGap(lng: number, minLng: number, maxLng: number): number {
  if (lng >= minLng && lng <= maxLng) return 0;
  if (maxLng - minLng >= 360) return 0;
  const width = eastward(minLng, maxLng);
  if (eastward(minLng, lng) <= width) return 0;
  return Math.min(eastward(lng, minLng), eastward(maxLng, lng));
}

/** Degrees to travel east from one meridian to another, in [0, 360). */
function eastward(from: number, to: number): number {
  const turned = (to - from) % 360;
  return turned < 0 ? turned + 360 : turned;
}
