// Great-circle distances on the mean sphere, in metres. The ellipsoid differs by up to 0.56 %, which no radius here minds.

import { type Bounds, lngGap } from './bounds.ts';
import type { Point } from './point.ts';

/** The mean radius of the Earth (IUGG R1), in metres. */
export const EARTH_RADIUS_M = 6371008.8;

/** Great-circle distance in metres by the haversine formula; exact to well under a millimetre, antipodes included. */
export function distanceM(a: Point, b: Point): number {
  return arcM(a.lat * RADIANS, b.lat * RADIANS, (b.lng - a.lng) * RADIANS);
}

/**
 * The distance in metres from a point to the nearest point of a rectangle; 0 inside. Right at the antimeridian, the poles
 * and for any width. Rounded down by a micrometre, so that it never exceeds `distanceM` to a point of the rectangle.
 */
export function minDistanceToBoundsM(point: Point, bounds: Bounds): number {
  const gap = lngGap(point.lng, bounds.minLng, bounds.maxLng) * RADIANS;
  const { minLat, maxLat } = bounds;
  if (gap === 0) {
    const latGap = point.lat < minLat ? minLat - point.lat : point.lat > maxLat ? point.lat - maxLat : 0;
    return lowered(latGap * RADIANS * EARTH_RADIUS_M);
  }
  // On every parallel the nearest point lies on the nearer meridian edge. Along its great circle the distance falls towards
  // the foot of the perpendicular and rises after it.
  const lat = point.lat * RADIANS;
  const sin = Math.sin(lat);
  const cos = Math.cos(lat);
  const along = cos * Math.cos(gap);
  const foot = Math.atan2(sin, along);
  if (foot >= minLat * RADIANS && foot <= maxLat * RADIANS) {
    return lowered(Math.atan2(cos * Math.sin(gap), Math.sqrt(sin * sin + along * along)) * EARTH_RADIUS_M);
  }
  return lowered(Math.min(arcM(lat, minLat * RADIANS, gap), arcM(lat, maxLat * RADIANS, gap)));
}

/**
 * A rectangle around the circle, for a cheap first test in a scan (`inBox`). Never too small. Its longitudes go beyond
 * ±180 where it crosses the antimeridian; a circle that holds a pole has all of them.
 */
export function degreesBox(point: Point, radiusM: number): Bounds {
  const angle = radiusM / EARTH_RADIUS_M;
  const latReach = angle / RADIANS + SLACK_DEGREES;
  const minLat = point.lat - latReach;
  const maxLat = point.lat + latReach;
  if (minLat <= -90 || maxLat >= 90) {
    return { minLat: Math.max(minLat, -90), maxLat: Math.min(maxLat, 90), minLng: -180, maxLng: 180 };
  }
  // The circle's easternmost point lies nearer to the pole than its centre, hence no division by cos(lat) alone.
  const lngReach = Math.asin(Math.min(1, Math.sin(angle) / Math.cos(point.lat * RADIANS))) / RADIANS;
  const reach = lngReach * (1 + 1e-9) + SLACK_DEGREES;
  return { minLat, maxLat, minLng: point.lng - reach, maxLng: point.lng + reach };
}

/** True when the coordinates lie in a box of `degreesBox`. */
export function inBox(box: Bounds, lat: number, lng: number): boolean {
  if (lat < box.minLat || lat > box.maxLat) return false;
  return (lng >= box.minLng && lng <= box.maxLng) || lng + 360 <= box.maxLng || lng - 360 >= box.minLng;
}

const RADIANS = Math.PI / 180;
const SLACK_DEGREES = 1e-9;

/** Great-circle distance from two latitudes and a difference of longitudes, in radians. */
function arcM(lat1: number, lat2: number, dLng: number): number {
  const cosines = Math.cos(lat1) * Math.cos(lat2);
  const sinLat = Math.sin((lat2 - lat1) / 2);
  const sinLng = Math.sin(dLng / 2);
  const near = sinLat * sinLat + cosines * sinLng * sinLng;
  if (near <= 0.5) return 2 * EARTH_RADIUS_M * Math.asin(Math.sqrt(near));
  // asin loses half of its digits near 1: on the far half of the globe, measure to the antipode instead.
  const sinFar = Math.sin((lat2 + lat1) / 2);
  const cosLng = Math.cos(dLng / 2);
  const far = sinFar * sinFar + cosines * cosLng * cosLng;
  return EARTH_RADIUS_M * (Math.PI - 2 * Math.asin(Math.sqrt(Math.min(far, 1))));
}

function lowered(distance: number): number {
  const lower = distance - 1e-6;
  return lower > 0 ? lower : 0;
}
