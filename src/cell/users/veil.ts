// The square that others see a user in: it follows the raw point late, by what was drawn, one axis without the other.
import { boundsContain } from '../../geo/bounds.ts';
import { minDistanceToBoundsM } from '../../geo/distance.ts';
import { center, decode, encode } from '../../geo/geohash.ts';
import type { Point } from '../../geo/point.ts';
import { snap } from '../../geo/snap.ts';
import type { Chance } from '../../lib/chance.ts';
import type { Veil } from '../../messages/records.ts';
import { MARGIN_M } from '../../protocol/limits.ts';
import type { CellState } from '../state.ts';
import { calm, follow, newBorder } from './border.ts';

export const newVeil = (chance: Chance): Veil => ({ lat: newBorder(chance), lng: newBorder(chance) });

/** On its way to another cell: what waits for a delay there begins anew. */
export const calmVeil = ({ lat, lng }: Veil): Veil => ({ lat: calm(lat), lng: calm(lng) });

/** What a raw point makes of the square around `shown`, and of the veil. */
export function veiled(
  { veil, shown }: { readonly veil: Veil; readonly shown: Point },
  at: Point,
  gridLength: number,
  now: number,
  chance: Chance,
): { readonly veil: Veil; readonly shown: Point } {
  const hash = encode(shown, gridLength);
  const { minLat, maxLat, minLng, maxLng } = decode(hash);
  const middle = center(hash);
  const lat = follow(veil.lat, (at.lat - middle.lat) / (maxLat - minLat), now, chance);
  const lng = follow(veil.lng, turned(at.lng - middle.lng) / (maxLng - minLng), now, chance);
  const moved = {
    lat: middle.lat + lat.squares * (maxLat - minLat),
    lng: turned(middle.lng + lng.squares * (maxLng - minLng)),
  };
  return { veil: { lat: lat.border, lng: lng.border }, shown: snap(moved, gridLength) };
}

/** As far apart as the square may lag, three squares on either axis, and both on the grid: a policy may have made it coarser meanwhile. */
export function isNear(shown: Point, snapped: Point, gridLength: number): boolean {
  const on = snap(shown, gridLength);
  if (on.lat !== shown.lat || on.lng !== shown.lng) return false;
  const { minLat, maxLat, minLng, maxLng } = decode(encode(shown, gridLength));
  const isClose = (apart: number, side: number): boolean => Math.abs(apart) < 3.5 * side;
  return isClose(snapped.lat - shown.lat, maxLat - minLat) && isClose(turned(snapped.lng - shown.lng), maxLng - minLng);
}

/** Others find who is held here only up to the margin beyond this cell: a square that lags by more counts as the point's own. */
export function isFound({ bounds }: CellState, shown: Point): boolean {
  return bounds === undefined || boundsContain(bounds, shown) || minDistanceToBoundsM(shown, bounds) <= MARGIN_M;
}

/** Degrees of longitude in [-180, 180). */
const turned = (lng: number): number => ((((lng + 180) % 360) + 360) % 360) - 180;
