// How far a cell reaches around its middle: whoever looks for what may touch any point of it begins with this.
import { distanceM } from './distance.ts';
import { center, decode } from './geohash.ts';

/** Metres from the middle of a cell to the farthest point of it. Throws RangeError for what is not a geohash. */
export function outerRadiusM(hash: string): number {
  const { minLat, maxLat, minLng } = decode(hash);
  // A cell is widest where it is nearest to the equator: a corner on that side is the farthest point.
  return distanceM(center(hash), { lat: Math.abs(minLat) < Math.abs(maxLat) ? minLat : maxLat, lng: minLng });
}
