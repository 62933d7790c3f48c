// The cities of the run: from real boundaries, or made up, all round the world. Each is planned by the shipping rollout, and has
// people around a few centres.

import { anywhereIn } from '../../sim/map.ts';
import { areaKm2 } from '../../src/city/area.ts';
import { planCity } from '../../src/city/plan.ts';
import { distanceM } from '../../src/geo/distance.ts';
import { decode } from '../../src/geo/geohash.ts';
import type { Point } from '../../src/geo/point.ts';
import { parseBoundary, polygonContains } from '../../src/geo/polygon.ts';
import { shifted } from '../../src/geo/shifted.ts';
import type { Prng } from '../../src/lib/prng.ts';
import type { CellId } from '../../src/protocol/ids.ts';
import { type Density, type Heap, massIn } from './density.ts';

export type Town = {
  readonly id: string;
  readonly name: string;
  /** Hours ahead of UTC. */
  readonly zoneH: number;
  /** Its share of people beside other towns. */
  readonly weight: number;
  readonly density: Density;
  /** Those with most people first: so it is rolled out. */
  readonly cells: readonly { readonly cell: CellId; readonly mass: number }[];
};

export type Boundary = {
  readonly id: string;
  readonly name: string;
  readonly boundary: unknown;
  /** From the longitude unless given. */
  readonly zoneH?: number | undefined;
};

/** The length of the cells that a city begins with. */
const PRECISION = 5;

/** @param taken cells of towns before, which keep them. @throws Error that says what is wrong with the boundary. */
export function townOf({ id, name, boundary, zoneH }: Boundary, taken: ReadonlySet<string>, draw: Prng): Town {
  const plan = planCity({ id, name, boundary, precision: PRECISION });
  if (!plan.ok) throw new Error(`${name}: ${plan.error.code}: ${plan.error.detail ?? ''}`);
  const parsed = parseBoundary(boundary);
  const { cells, centroid, bounds } = plan.value;
  const km2 = areaKm2(cells) * 0.6;
  const radiusM = Math.sqrt(km2 / Math.PI) * 1000;
  const inside = (): Point => {
    for (let tries = 0; tries < 200; tries++) {
      const point = anywhereIn(bounds, draw);
      if (!parsed.ok || polygonContains(parsed.value, point)) return point;
    }
    return centroid;
  };
  const density = heapsOf(centroid, radiusM, inside, draw);
  const free = cells.filter((cell) => !taken.has(cell));
  const masses = free.map((cell) => ({ cell, mass: massIn(density, decode(cell)) }));
  return {
    id,
    name,
    zoneH: zoneH ?? Math.round(centroid.lng / 15),
    weight: km2 * (0.5 + 3 * draw.unit() ** 3),
    density,
    cells: masses.sort((a, b) => b.mass - a.mass || (a.cell < b.cell ? -1 : 1)),
  };
}

/** Made-up cities, as many as it takes for so many cells beside those that are taken. */
export function madeUpTowns(cellsWanted: number, before: ReadonlySet<string>, draw: Prng): readonly Town[] {
  const towns: Town[] = [];
  const taken = new Set(before);
  const middles: Point[] = [];
  let tries = 0;
  for (let cells = 0; cells < cellsWanted; ) {
    const middle = somewhereInhabited(draw);
    // The boxes are crowded in the end: then towns may come closer.
    const apartM = Math.max(5000, 90_000 - 100 * tries++);
    if (middles.some((other) => distanceM(other, middle) < apartM)) continue;
    middles.push(middle);
    const radiusM = 4000 + 14_000 * draw.unit() ** 2;
    const n = towns.length + 1;
    const ring = blob(middle, radiusM, draw);
    const boundary = { type: 'Polygon', coordinates: [ring] };
    const town = townOf({ id: `town-${n}`, name: `Town ${n}`, boundary }, taken, draw.fork());
    for (const { cell } of town.cells) taken.add(cell);
    cells += town.cells.length;
    towns.push(town);
  }
  return towns;
}

/** One large centre, some small ones, and most people around them. */
function heapsOf(centroid: Point, radiusM: number, inside: () => Point, draw: Prng): Density {
  const small = 3 + Math.floor(radiusM / 5000);
  const heap = (at: Point, spreadM: number, share: number): Heap => ({ at, spreadM, share });
  const main = shifted(centroid, (draw.unit() - 0.5) * 0.3 * radiusM, (draw.unit() - 0.5) * 0.3 * radiusM);
  return [
    heap(centroid, radiusM * 0.6, 0.6),
    heap(main, 1000 + 0.03 * radiusM + 500 * draw.unit(), 0.2),
    ...Array.from({ length: small }, () => heap(inside(), 800 + 1000 * draw.unit(), 0.2 / small)),
  ];
}

/** Rough boxes of where many people live, [south, west, north, east, how many]. */
const INHABITED = [
  [23, 110, 40, 121, 6],
  [22, 74, 30, 89, 6],
  [9, 73, 19, 80, 3],
  [-8, 106, -6.3, 113, 2],
  [33.5, 131, 36.5, 140.5, 2],
  [35, 126.6, 37.8, 129.2, 1],
  [10.3, 100, 21, 106.5, 2],
  [43, -1, 53, 14, 5],
  [51.2, -3, 54, 0, 1.5],
  [37, -8, 42, 0, 1],
  [45, 17, 54, 38, 2],
  [37, 27, 41, 38, 1.5],
  [24, 30.2, 31, 32.5, 1.5],
  [5, 3, 12.5, 9, 3],
  [-7, 33, 1, 39.5, 1.5],
  [-34, 19, -25, 31, 1],
  [30, -90, 43, -74, 3],
  [19, -104, 33, -95, 2.5],
  [33.2, -122.3, 38.5, -116.5, 1.5],
  [-30, -53, -8, -38, 3],
  [-16, -79, 6, -72, 1.5],
  [-35, -64, -31, -57, 1],
  [25, 46, 35.5, 56, 1.5],
  [24.8, 67, 33, 74, 2],
  [-38, 144, -27.5, 153, 1],
] as const;
const PEOPLE = INHABITED.reduce((sum, [, , , , people]) => sum + people, 0);

function somewhereInhabited(draw: Prng): Point {
  let left = draw.unit() * PEOPLE;
  for (const [minLat, minLng, maxLat, maxLng, people] of INHABITED) {
    left -= people;
    if (left < 0) return anywhereIn({ minLat, minLng, maxLat, maxLng }, draw);
  }
  return { lat: 48.2, lng: 16.4 };
}

/** A ring of points around a middle: GeoJSON positions. */
function blob(middle: Point, radiusM: number, draw: Prng): readonly (readonly [lng: number, lat: number])[] {
  const [second, third] = [draw.unit() * 2 * Math.PI, draw.unit() * 2 * Math.PI];
  const ring: (readonly [number, number])[] = [];
  for (let i = 0; i < 36; i++) {
    const turn = (i / 36) * 2 * Math.PI;
    const reach = 0.82 + 0.16 * Math.sin(2 * turn + second) + 0.1 * Math.sin(3 * turn + third) + 0.08 * draw.unit();
    const at = shifted(middle, radiusM * reach * Math.sin(turn), radiusM * reach * Math.cos(turn));
    ring.push([at.lng, at.lat]);
  }
  ring.push(ring[0] as readonly [number, number]);
  return ring;
}
