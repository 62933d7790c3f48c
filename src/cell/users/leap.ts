// Leaps: moves between two pings that nobody makes on foot. Judged by squares of the grid alone, so that none tells more than they do.

import { distanceM } from '../../geo/distance.ts';
import { decode, encode } from '../../geo/geohash.ts';
import { type Point, wrapLng } from '../../geo/point.ts';

/** A brisk walk. */
const ON_FOOT_MPS = 2;

/** Whether the way from one square to another, at the least that it can be, took somebody faster than feet would have. */
export function isLeap(from: Point, to: Point, gapMs: number, gridLength: number): boolean {
  const isSame = from.lat === to.lat && from.lng === to.lng;
  return !isSame && leastM(from, to, gridLength) > (ON_FOOT_MPS * gapMs) / 1000;
}

/** Metres between the nearest points of two squares, given by their centres; 0 for neighbours. */
function leastM(from: Point, to: Point, gridLength: number): number {
  const { minLat, maxLat, minLng, maxLng } = decode(encode(to, gridLength));
  const lat = to.lat - nearer(to.lat - from.lat, maxLat - minLat);
  const lng = to.lng - nearer(wrapLng(to.lng - from.lng), maxLng - minLng);
  return distanceM(from, { lat, lng: wrapLng(lng) });
}

/** One side towards where the way came from, or all of the way where it is no more than that. */
const nearer = (way: number, side: number): number => Math.sign(way) * Math.min(Math.abs(way), side);
