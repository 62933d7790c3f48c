// The city to name to somebody who is outside all of them.

import type { Bounds } from '../geo/bounds.ts';
import { distanceM, minDistanceToBoundsM } from '../geo/distance.ts';
import type { Point } from '../geo/point.ts';

/** What places a city: its centroid, and the box around its boundary where it is known. */
export type PlacedCity = { readonly id: string; readonly centroid: Point; readonly bounds?: Bounds };

export type NearestCity<City> = {
  readonly city: City;
  /** To the box around its boundary, 0 inside; without one, to its centroid. */
  readonly distanceM: number;
};

/** The city with the nearest box; of several equally near (boxes overlap), the nearest centroid, then the first id. */
export function nearestCity<City extends PlacedCity>(
  point: Point,
  cities: Iterable<City>,
): NearestCity<City> | undefined {
  let best: (NearestCity<City> & { readonly toCentroidM: number }) | undefined;
  for (const city of cities) {
    const toCentroidM = distanceM(point, city.centroid);
    const toBoxM = city.bounds === undefined ? toCentroidM : minDistanceToBoundsM(point, city.bounds);
    const order =
      best === undefined
        ? -1
        : toBoxM - best.distanceM || toCentroidM - best.toCentroidM || (city.id < best.city.id ? -1 : 1);
    if (order < 0) best = { city, distanceM: toBoxM, toCentroidM };
  }
  return best === undefined ? undefined : { city: best.city, distanceM: best.distanceM };
}
