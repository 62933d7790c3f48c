// Where the chaos happens: a few small cells, so that people cross borders all the time, and rules in which everything ends
// within seconds.
import { boxPolygon } from '../../src/geo/box-polygon.ts';
import type { Point } from '../../src/geo/point.ts';
import type { Prng } from '../../src/lib/prng.ts';
import type { PolicyPatch } from '../../src/protocol/policy.ts';

const SOUTH = 37.768;
const NORTH = 37.782;
const WEST = -122.432;
const EAST = -122.407;
/** People stay this many degrees inside, so that no snapped point is outside of the city. */
const INSET = 0.002;

/** Cells of about 1.0 by 0.6 km; 15 of them. */
export const CHAOS_CITY = {
  id: 'chaos',
  name: 'Chaos',
  precision: 6,
  boundary: boxPolygon(WEST, SOUTH, EAST, NORTH),
  policy: {
    radiusStepsM: [500, 1000, 2000],
    radiusDefaultM: 1000,
    radiusGrowth: [1, 2],
    cooldownMs: 300,
    // Several are asked for each answer wanted, so that there are races to win.
    offers: { ttlMs: 3000, spare: 3, max: 40 },
    backOff: { firstMs: 1000, factor: 1.5, maxMs: 4000 },
    question: { ttlDefaultMs: 12_000, ttlMaxMs: 120_000, openMax: 10_000 },
    presence: { ttlDefaultMs: 20_000, ttlMaxMs: 60_000 },
    scoutTimeMs: 300,
  } satisfies PolicyPatch,
} as const;

export const CENTRE: Point = { lat: (SOUTH + NORTH) / 2, lng: (WEST + EAST) / 2 };

export function anywhere(random: Prng): Point {
  return {
    lat: SOUTH + INSET + random.unit() * (NORTH - SOUTH - 2 * INSET),
    lng: WEST + INSET + random.unit() * (EAST - WEST - 2 * INSET),
  };
}

/** A few hundred metres away at most, still in the city. */
export function nearby({ lat, lng }: Point, random: Prng): Point {
  return {
    lat: clamp(lat + (random.unit() - 0.5) * 0.006, SOUTH + INSET, NORTH - INSET),
    lng: clamp(lng + (random.unit() - 0.5) * 0.008, WEST + INSET, EAST - INSET),
  };
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
