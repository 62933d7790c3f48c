// The simulated city: a block of neighbouring geohash-6 cells, and the map rows by which they are born.

import type { Bounds } from '../geo/bounds.ts';
import { minDistanceToBoundsM } from '../geo/distance.ts';
import { center, decode, encode, neighbors } from '../geo/geohash.ts';
import type { Point } from '../geo/point.ts';
import type { Prng } from '../lib/prng.ts';
import { resolvePolicy } from '../matching/policy.ts';
import type { CellId, CityId } from '../protocol/ids.ts';
import { MARGIN_M } from '../protocol/limits.ts';
import type { Birth } from '../protocol/messages.ts';
import type { Policy } from '../protocol/policy.ts';

export type SimMap = {
  readonly cells: readonly CellId[];
  readonly policy: Policy;
  readonly leafOf: (point: Point) => CellId | undefined;
  /** The leaf that covers a geohash at least as long as the leaf. */
  readonly leafCovering: (key: string) => CellId | undefined;
  readonly birthOf: (cell: CellId) => Birth | undefined;
  /** A box that holds every cell. */
  readonly box: Bounds;
};

/** What people of the city ask about. */
export const TOPICS = ['food', 'bikes', 'aid'] as const;

/** Short times, so that minutes of simulation see many sleeps, expiries and leases. */
export const SIM_POLICY = {
  radiusStepsM: [300, 600, 1200, 2400],
  radiusDefaultM: 600,
  offers: { ttlMs: 20_000, spare: 1, max: 40 },
  cooldownMs: 3000,
  backOff: { firstMs: 4000, factor: 2, maxMs: 60_000 },
  question: { ttlDefaultMs: 240_000, ttlMaxMs: 600_000 },
  presence: { ttlDefaultMs: 60_000, ttlMaxMs: 120_000 },
  pointAgeMaxMs: 90_000,
};

/** @param length of the cells: 6 by default; shorter ones make fewer, larger cells of the same place. */
export function simMap(count: number, start = '9q8yyk', patch: unknown = SIM_POLICY): SimMap {
  const cells = block(count, start);
  const resolved = resolvePolicy(patch);
  if (!resolved.ok) throw new Error(`the simulator's policy is bad: ${JSON.stringify(resolved.error)}`);
  return mapOf(cells, resolved.value);
}

export function mapOf(cells: readonly CellId[], policy: Policy): SimMap {
  const set = new Set<string>(cells);
  const lengths = [...new Set(cells.map((cell) => cell.length))];
  const find = (key: string): CellId | undefined => {
    for (const length of lengths) {
      const prefix = key.slice(0, length);
      if (set.has(prefix)) return prefix as CellId;
    }
    return undefined;
  };
  const reach = (policy.radiusStepsM[policy.radiusStepsM.length - 1] ?? 0) + MARGIN_M;
  const births = new Map<CellId, Birth>();
  const bounds = cells.map((cell) => decode(cell));
  return {
    cells,
    policy,
    leafOf: (point) => find(encode(point, 12)),
    leafCovering: find,
    birthOf: (cell) => {
      if (!set.has(cell)) return undefined;
      const known = births.get(cell);
      if (known !== undefined) return known;
      const own = decode(cell);
      const corners = [
        { lat: own.minLat, lng: own.minLng },
        { lat: own.maxLat, lng: own.maxLng },
        { lat: own.minLat, lng: own.maxLng },
        { lat: own.maxLat, lng: own.minLng },
        center(cell),
      ];
      const near = cells.filter(
        (other) =>
          other !== cell && corners.some((corner) => minDistanceToBoundsM(corner, decode(other)) <= reach + 1000),
      );
      const birth: Birth = { cell, city: 'sim' as CityId, version: 1, op: 'sim', policy, near };
      births.set(cell, birth);
      return birth;
    },
    box: {
      minLat: Math.min(...bounds.map((b) => b.minLat)),
      maxLat: Math.max(...bounds.map((b) => b.maxLat)),
      minLng: Math.min(...bounds.map((b) => b.minLng)),
      maxLng: Math.max(...bounds.map((b) => b.maxLng)),
    },
  };
}

/** A point anywhere in a rectangle. */
export function anywhereIn({ minLat, maxLat, minLng, maxLng }: Bounds, draw: Prng): Point {
  return { lat: minLat + (maxLat - minLat) * draw.unit(), lng: minLng + (maxLng - minLng) * draw.unit() };
}

/** The `count` cells nearest to a start, found ring by ring. */
function block(count: number, start: string): CellId[] {
  const found = [start];
  const seen = new Set(found);
  for (let i = 0; found.length < count && i < found.length; i++) {
    for (const next of Object.values(neighbors(found[i] as string)) as (string | undefined)[]) {
      if (next === undefined || seen.has(next) || found.length >= count) continue;
      seen.add(next);
      found.push(next);
    }
  }
  return found as CellId[];
}
