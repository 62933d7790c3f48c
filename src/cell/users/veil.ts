// The square that others see a user in: it follows the raw point late, by what was drawn, one axis without the other.
import { boundsContain } from '../../geo/bounds.ts';
import { minDistanceToBoundsM } from '../../geo/distance.ts';
import { center, decode, encode } from '../../geo/geohash.ts';
import { type Point, wrapLng } from '../../geo/point.ts';
import { snap } from '../../geo/snap.ts';
import type { Chance } from '../../lib/chance.ts';
import type { Veil } from '../../messages/records.ts';
import { MARGIN_M } from '../../protocol/limits.ts';
import type { CellState } from '../state.ts';
import { calm, DELAY_MOST_MS, follow, newBorder, redrawn } from './border.ts';
import { isLeap } from './leap.ts';

export const newVeil = (chance: Chance): Veil => ({ lat: newBorder(chance), lng: newBorder(chance) });

/** On its way to another cell: what waits for a delay there begins anew. */
export const calmVeil = ({ lat, lng, last }: Veil): Veil => ({ lat: calm(lat), lng: calm(lng), ...(last && { last }) });

/** A ping: the point itself, for this step alone; its square; and how long ago the one before came. */
export type Step = { readonly at: Point; readonly snapped: Point; readonly now: number; readonly gapMs: number };

/** What a ping makes of the square around `shown`, and of the veil. */
export function veiled(
  { veil, shown }: { readonly veil: Veil; readonly shown: Point },
  step: Step,
  gridLength: number,
  chance: Chance,
): { readonly veil: Veil; readonly shown: Point } {
  const { at, snapped } = step;
  const driven = leapt(veil, step, gridLength, chance);
  if (driven !== undefined) return { veil: driven, shown: snapped };
  const hash = encode(shown, gridLength);
  const { minLat, maxLat, minLng, maxLng } = decode(hash);
  const middle = center(hash);
  const lat = follow(veil.lat, (at.lat - middle.lat) / (maxLat - minLat), step, chance);
  const lng = follow(veil.lng, wrapLng(at.lng - middle.lng) / (maxLng - minLng), step, chance);
  const moved = {
    lat: middle.lat + lat.squares * (maxLat - minLat),
    lng: wrapLng(middle.lng + lng.squares * (maxLng - minLng)),
  };
  return {
    veil: { lat: lat.border, lng: lng.border, last: { square: snapped, leapt: false } },
    shown: snap(moved, gridLength),
  };
}

/**
 * The veil after a ping whose square is shown as it is, or `undefined`: where they were driven a delay would be a mile, and a line no ruler.
 * Wheels slow down before they stop, so the ping after a leap counts as one too, if it comes late enough to be no ruler either.
 */
export function leapt(
  { lat, lng, last }: Veil,
  { snapped, gapMs }: Pick<Step, 'snapped' | 'gapMs'>,
  gridLength: number,
  chance: Chance,
): Veil | undefined {
  if (last === undefined) return undefined;
  const leaps = isLeap(last.square, snapped, gapMs, gridLength);
  if (!leaps && !(last.leapt && gapMs >= DELAY_MOST_MS)) return undefined;
  return { lat: redrawn(lat, chance), lng: redrawn(lng, chance), last: { square: snapped, leapt: leaps } };
}

/** As far apart as the square may lag, three squares on either axis, and both on the grid: a policy may have made it coarser meanwhile. */
export function isNear(shown: Point, snapped: Point, gridLength: number): boolean {
  const on = snap(shown, gridLength);
  if (on.lat !== shown.lat || on.lng !== shown.lng) return false;
  const { minLat, maxLat, minLng, maxLng } = decode(encode(shown, gridLength));
  const isClose = (apart: number, side: number): boolean => Math.abs(apart) < 3.5 * side;
  return (
    isClose(snapped.lat - shown.lat, maxLat - minLat) && isClose(wrapLng(snapped.lng - shown.lng), maxLng - minLng)
  );
}

/** Others find who is held here only up to the margin beyond this cell: a square that lags by more counts as the point's own. */
export function isFound({ bounds }: CellState, shown: Point): boolean {
  return bounds === undefined || boundsContain(bounds, shown) || minDistanceToBoundsM(shown, bounds) <= MARGIN_M;
}
