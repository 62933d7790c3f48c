// A place on the globe, in WGS 84 degrees.

export type Point = { readonly lat: number; readonly lng: number };

/** Returns the point. Throws RangeError, naming the bad coordinate, for NaN and for what is out of range. */
export function checkPoint(point: Point): Point {
  const { lat, lng } = point;
  if (inRange(lat, lng)) return point;
  if (!(lat >= -90 && lat <= 90)) throw new RangeError(`lat must be a number from -90 to 90, got ${lat}`);
  throw new RangeError(`lng must be a number from -180 to 180, got ${lng}`);
}

/** The same meridian as a longitude in [-180, 180). */
export function wrapLng(lng: number): number {
  if (lng >= -180 && lng < 180) return lng;
  const turned = (lng + 180) % 360;
  return turned < 0 ? turned + 180 : turned - 180;
}

// NaN fails every comparison, so this needs no test of its own for it.
function inRange(lat: number, lng: number): boolean {
  return lat >= -90 && lat <= 90 && lng >= -180 && lng <= 180;
}
