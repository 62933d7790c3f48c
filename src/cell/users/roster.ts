// The live users of a cell in typed arrays: a plain scan finds the best of 5,000 in about 0.1 ms (bench/cell.ts), no tree needed.

import type { Bounds } from '../../geo/bounds.ts';
import { degreesBox, EARTH_RADIUS_M, inBox } from '../../geo/distance.ts';
import type { Point } from '../../geo/point.ts';
import type { UserId } from '../../protocol/ids.ts';

export type Roster = {
  readonly size: () => number;
  readonly set: (user: UserId, point: Point) => void;
  readonly delete: (user: UserId) => void;
  /**
   * Everybody in the circle, and perhaps some just outside. `reachM`, asked after each visit, says how far others may be from
   * then on, in metres: whoever is beyond is passed over.
   */
  readonly around: (point: Point, radiusM: number, visit: (user: UserId) => void, reachM?: () => number) => void;
};

/** Up to this far apart in longitude the squares of differences bound the distance well. */
const FLAT_DEGREES = 2;
/** sin x is above x by a factor of 1 − x² ÷ 6: over half of FLAT_DEGREES this covers its square, with room for rounding. */
const CURVATURE = 1 + 2e-4;

export function roster(): Roster {
  let lats = new Float64Array(64);
  let lngs = new Float64Array(64);
  const ids: UserId[] = [];
  const slots = new Map<UserId, number>();
  const grow = (): void => {
    const wider = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const next = new Float64Array(old.length * 2);
      next.set(old);
      return next;
    };
    lats = wider(lats);
    lngs = wider(lngs);
  };
  return {
    size: () => ids.length,
    set: (user, point) => {
      let slot = slots.get(user);
      if (slot === undefined) {
        slot = ids.length;
        if (slot === lats.length) grow();
        ids.push(user);
        slots.set(user, slot);
      }
      lats[slot] = point.lat;
      lngs[slot] = point.lng;
    },
    delete: (user) => {
      const slot = slots.get(user);
      if (slot === undefined) return;
      const last = ids.length - 1;
      const moved = ids[last] as UserId;
      ids[slot] = moved;
      lats[slot] = lats[last] as number;
      lngs[slot] = lngs[last] as number;
      slots.set(moved, slot);
      slots.delete(user);
      ids.pop();
    },
    around: (point, radiusM, visit, reachM) => {
      const box = degreesBox(point, radiusM);
      const scale = shrinkOf(point, box);
      let most = squaredDegrees(radiusM);
      for (let i = 0; i < ids.length; i++) {
        const lat = lats[i] as number;
        const lng = lngs[i] as number;
        if (!inBox(box, lat, lng)) continue;
        const north = lat - point.lat;
        const gap = Math.abs(lng - point.lng);
        const east = gap > 180 ? 360 - gap : gap;
        if (north * north + scale * east * east > most) continue;
        visit(ids[i] as UserId);
        if (reachM !== undefined) most = squaredDegrees(reachM());
      }
    },
  };
}

/** What a squared difference of longitudes counts at least in the box; 0 where the Earth is not flat enough to say. */
function shrinkOf(point: Point, { minLat, maxLat, minLng, maxLng }: Bounds): number {
  if (maxLng - minLng > 2 * FLAT_DEGREES || maxLat - minLat > 2 * FLAT_DEGREES) return 0;
  const cos = (lat: number): number => Math.cos((lat * Math.PI) / 180);
  return cos(point.lat) * Math.min(cos(minLat), cos(maxLat));
}

/** No two points within `reachM` have more between them, measured as above. */
function squaredDegrees(reachM: number): number {
  const degrees = (reachM / EARTH_RADIUS_M) * (180 / Math.PI);
  return degrees * degrees * CURVATURE;
}
