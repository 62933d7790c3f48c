// Where people are: a sum of round heaps, one for each centre of a city, and how many of them stand in a rectangle.
import type { Bounds } from '../../src/geo/bounds.ts';
import type { Point } from '../../src/geo/point.ts';
import { shifted } from '../../src/geo/shifted.ts';
import type { Prng } from '../../src/lib/prng.ts';

/** A normal distribution around a point, `spreadM` metres in each direction; `share` of all people. */
export type Heap = { readonly at: Point; readonly spreadM: number; readonly share: number };
export type Density = readonly Heap[];

/** The share of all people who stand in a rectangle. */
export function massIn(density: Density, bounds: Bounds): number {
  let mass = 0;
  for (const heap of density) mass += heap.share * massOf(heap, bounds);
  return mass;
}

/** A point in the rectangle, as likely as people are there. */
export function drawIn(density: Density, bounds: Bounds, draw: Prng): Point {
  const masses = density.map((heap) => heap.share * massOf(heap, bounds));
  let left = draw.unit() * masses.reduce((sum, mass) => sum + mass, 0);
  const found = density.find((_heap, i) => {
    left -= masses[i] ?? 0;
    return left < 0;
  });
  if (found === undefined)
    return { lat: between(bounds.minLat, bounds.maxLat, draw), lng: between(bounds.minLng, bounds.maxLng, draw) };
  const [lat, lng] = spreadOf(found);
  return {
    lat: normalBetween(found.at.lat, lat, bounds.minLat, bounds.maxLat, draw),
    lng: normalBetween(found.at.lng, lng, bounds.minLng, bounds.maxLng, draw),
  };
}

function massOf(heap: Heap, { minLat, maxLat, minLng, maxLng }: Bounds): number {
  const [lat, lng] = spreadOf(heap);
  const y = cdf((maxLat - heap.at.lat) / lat) - cdf((minLat - heap.at.lat) / lat);
  const x = cdf((maxLng - heap.at.lng) / lng) - cdf((minLng - heap.at.lng) / lng);
  return Math.max(0, x * y);
}

function spreadOf({ at, spreadM }: Heap): readonly [lat: number, lng: number] {
  const corner = shifted(at, spreadM, spreadM);
  return [corner.lat - at.lat, corner.lng - at.lng];
}

const between = (min: number, max: number, draw: Prng): number => min + (max - min) * draw.unit();

/** By halving: exact enough for a place, and good for any tail. */
function normalBetween(mean: number, spread: number, min: number, max: number, draw: Prng): number {
  const from = cdf((min - mean) / spread);
  const wanted = from + (cdf((max - mean) / spread) - from) * draw.unit();
  let low = min;
  let high = max;
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (cdf((middle - mean) / spread) < wanted) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The normal distribution, by Abramowitz and Stegun 7.1.26: an error below 1.5e-7. */
function cdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = 0.5 * poly * Math.exp(-x * x);
  return z < 0 ? tail : 1 - tail;
}
