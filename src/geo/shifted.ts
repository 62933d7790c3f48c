// A place so many metres away, for walks and test points: flat, hence for a few kilometres and away from the poles.

import type { Point } from './point.ts';

const METRES_PER_DEGREE = 111_195;

/** The point so many metres north and east of another; negative: south and west. */
export function shifted({ lat, lng }: Point, northM: number, eastM: number): Point {
  return {
    lat: lat + northM / METRES_PER_DEGREE,
    lng: lng + eastM / (METRES_PER_DEGREE * Math.cos((lat * Math.PI) / 180)),
  };
}
