// How people move: from place to place in straight lines at their own pace, with rests; the same for the same seed.
import { distanceM, EARTH_RADIUS_M } from '../../src/geo/distance.ts';
import type { Point } from '../../src/geo/point.ts';
import type { Prng } from '../../src/lib/prng.ts';

export type Pace = {
  readonly name: 'walking' | 'cycling' | 'driving';
  readonly speedMps: number;
  /** How far the next place may be; the others are passed over when there is one. */
  readonly reachM: number;
};

export const PACES: readonly Pace[] = [
  { name: 'walking', speedMps: 1.4, reachM: 2500 },
  { name: 'cycling', speedMps: 5, reachM: 6000 },
  { name: 'driving', speedMps: 11, reachM: 20_000 },
];

/** Where somebody is, by milliseconds since the start; to be asked for times that do not fall. */
export type Route = (atMs: number) => Point;

type Leg = { readonly from: Point; readonly to: Point; readonly startMs: number; readonly endMs: number };

const SCATTER_M = 450;
const REST_MEAN_MS = 20_000;

/** @param places at least one. */
export function route(random: Prng, pace: Pace, places: readonly Point[]): Route {
  let here = near(random, random.pick(places), SCATTER_M);
  let leg = nextLeg(0);
  function nextLeg(startMs: number): Leg {
    const reachable = places.filter((place) => distanceM(place, here) <= pace.reachM);
    const to = near(random, random.pick(reachable.length > 0 ? reachable : places), SCATTER_M);
    const from = here;
    here = to;
    const leaveMs = startMs + random.exponential(REST_MEAN_MS);
    return { from, to, startMs: leaveMs, endMs: leaveMs + (distanceM(from, to) / pace.speedMps) * 1000 };
  }
  return (atMs) => {
    while (atMs >= leg.endMs) leg = nextLeg(leg.endMs);
    const share = Math.max(0, (atMs - leg.startMs) / (leg.endMs - leg.startMs));
    return {
      lat: leg.from.lat + (leg.to.lat - leg.from.lat) * share,
      lng: leg.from.lng + (leg.to.lng - leg.from.lng) * share,
    };
  };
}

/** A point within about `withinM` of another, more often close to it. */
export function near(random: Prng, { lat, lng }: Point, withinM: number): Point {
  const angle = random.unit() * 2 * Math.PI;
  const awayDegrees = ((random.unit() * withinM) / EARTH_RADIUS_M) * (180 / Math.PI);
  const east = awayDegrees / Math.cos((lat * Math.PI) / 180);
  return { lat: lat + Math.sin(angle) * awayDegrees, lng: lng + Math.cos(angle) * east };
}
